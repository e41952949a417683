"""What slopes are multiplied by: `own * factor` is the gradient that came."""

import numpy as np
import pytest
from keras import ops

from keras_sphereface.class_softmax.slope_rows import SlopeRows


def make_rows(scale, d_total, d_own):
    unit = ops.convert_to_tensor(np.float32([[0.6, 0.8]]))
    columns = (scale, d_total, d_own)
    return SlopeRows(
        unit, *(ops.convert_to_tensor(np.float32([v])) for v in columns)
    )


@pytest.mark.parametrize("scale", [0.0, 1e-3, 64.0])
@pytest.mark.parametrize("d_total", [0.0, 1e-30, -1e-25, 0.5, 1e8])
@pytest.mark.parametrize("d_own", [0.0, 1e-9, -3.0, 1e4])
def test_the_true_class_gets_its_own_gradient(scale, d_total, d_own):
    rows = make_rows(scale, d_total, d_own)
    own, factor = (
        ops.convert_to_numpy(values)[0] for values in (rows.own, rows.factor)
    )
    assert np.isfinite([own, factor]).all()
    assert float(own) * float(factor) == pytest.approx(d_own, rel=1e-5)
    # The others get theirs, or a share of the own that rounding does not see.
    error = abs(float(factor) - scale * d_total)
    assert error <= 1e-6 * abs(scale * d_total) + 1.01e-20 * abs(d_own)
    np.testing.assert_allclose(
        ops.convert_to_numpy(rows.right)[:, 0],
        float(factor) * np.array([0.6, 0.8]),
        rtol=1e-5,
    )


def test_a_scale_of_zero_divides_as_one():
    for scale, expected in ((0.0, 1.0), (8.0, 8.0)):
        rows = make_rows(scale, 0.5, 1.0)
        assert ops.convert_to_numpy(rows.scale_or_one)[0] == expected
