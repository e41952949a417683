import numpy as np

from keras_sphereface.callbacks.training_means import means_between


def test_means_of_a_stretch_come_out_of_running_means():
    values = np.random.default_rng(0).normal(size=30)
    at = {steps: (steps, {"loss": values[:steps].mean()}) for steps in (12, 30)}
    found = means_between(at[12], at[30])
    np.testing.assert_allclose(found["loss"], values[12:].mean())


def test_at_the_start_of_an_epoch_they_are_the_running_means():
    assert means_between((0, {}), (7, {"loss": 2.5})) == {"loss": 2.5}
