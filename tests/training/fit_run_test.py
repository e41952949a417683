"""What of a run is fitted, told by a recognizer that only counts."""

import numpy as np
import pytest

from keras_sphereface.training import DataConfig, TrainConfig, TrainingFaces
from keras_sphereface.training.fit_run import _caches, fit_run
from keras_sphereface.training.stop_signals import StopSignals


class Optimizer:
    finished = 0

    def finalize_variable_values(self, variables):
        self.finished += 1


class Recognizer:
    trainable_variables = ()

    def __init__(self, run):
        self.optimizer = Optimizer()
        self.run = run
        self.fits = []

    def fit(self, dataset, *, steps_per_epoch, initial_epoch, epochs, **kwargs):
        self.fits.append((initial_epoch, epochs, steps_per_epoch))
        first_labels = next(iter(dataset))[1]
        assert len(first_labels) == 2
        self.run.step += (epochs - initial_epoch) * steps_per_epoch


class Run:
    """Three epochs of four steps, of which some are done."""

    steps_per_epoch = 4
    alarm = watch = None
    is_broken = False
    at_epoch_end = "checkpoint"

    def __init__(self, step):
        data = DataConfig(image_size=(2, 2))
        self.config = TrainConfig(data=data, epochs=3, batch_size=2)
        self.step = step
        self.signals = StopSignals()
        self.recognizer = Recognizer(self)
        self.went_to = []

    @property
    def is_over(self):
        return self.step >= 12

    def go_to(self, checkpoint):
        self.went_to.append(checkpoint)


@pytest.fixture
def faces():
    images = np.random.default_rng(0).integers(0, 256, (8, 2, 2, 3), "uint8")
    return TrainingFaces((images, np.arange(8)), 8, 8, {}, "arrays")


@pytest.mark.parametrize(
    ("step", "fits", "went_to"),
    [
        (0, [(0, 3, 4)], 0),
        (4, [(1, 3, 4)], 0),
        (5, [(1, 2, 3), (2, 3, 4)], 1),
        (9, [(2, 3, 3)], 0),
        (12, [], 0),
    ],
)
def test_what_is_left_is_fitted_and_then_the_weights_are_final(
    faces, step, fits, went_to
):
    run = Run(step)
    seconds = fit_run(run, faces, [], progress=False)
    assert seconds > 0
    assert run.recognizer.fits == fits
    assert run.went_to == ["checkpoint"] * went_to
    # Also where no `fit` was left to do it.
    assert run.recognizer.optimizer.finished >= 1


@pytest.mark.parametrize(
    ("cache", "num_images", "expected"),
    [
        (None, 20_000, True),  # 0.7 GiB at 112x112
        (None, 490_623, False),  # 17 GiB
        (True, 490_623, True),
        (False, 10, False),
    ],
)
def test_small_folders_are_kept_in_memory(cache, num_images, expected):
    faces = TrainingFaces(None, 5, num_images, {}, "")
    assert _caches(DataConfig(folder="a", cache=cache), faces) is expected
