"""One device; two are in `tests/heads/replicas_test.py`."""

import numpy as np
from keras import ops

from keras_sphereface.backend import (
    gather_rows,
    replica_index_and_count,
    sum_over_replicas,
)


def test_one_device_is_the_whole():
    rows = ops.convert_to_tensor(np.arange(6).reshape(3, 2))
    assert replica_index_and_count() == (0, 1)
    for same in (gather_rows(rows), sum_over_replicas(rows)):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(same), [[0, 1], [2, 3], [4, 5]]
        )
