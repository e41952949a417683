"""The steps of a run that are left."""

import time

from keras_sphereface.callbacks import ProgressBar
from keras_sphereface.data import training_dataset
from keras_sphereface.training.batches import build_augmentation, build_sampling
from keras_sphereface.training.divergence import roll_back
from keras_sphereface.training.model_state import finish_weights

_CACHE_BYTES = 2**30


def fit_run(run, faces, callbacks, progress):
    """Fits what is left of a run: the rest of an epoch, then whole ones.

    Args:
        run: `Run`, where it begins or where it was killed.
        faces: `TrainingFaces`.
        callbacks: more Keras callbacks.
        progress: bool, whether to show a progress bar.

    Returns:
        Seconds that it took, a float.
    """
    started = time.monotonic()
    with run.signals.held():
        _fit_rest(run, faces, callbacks, progress)
        while roll_back(run):
            _fit_rest(run, faces, callbacks, progress)
    # If the last `fit` was that of a process killed since, they are those of
    # its last step.
    finish_weights(run.recognizer)
    return time.monotonic() - started


def _fit_rest(run, faces, callbacks, progress):
    if run.step % run.steps_per_epoch:
        this_epoch = run.step // run.steps_per_epoch + 1
        _fit(run, this_epoch, faces, callbacks, progress)
        if not run.is_over:
            # `fit` ends with the average of the weights, if there is one, in
            # their place.
            run.go_to(run.at_epoch_end)
    if not run.is_over:
        _fit(run, run.config.epochs, faces, callbacks, progress)


def _fit(run, last_epoch, faces, callbacks, progress):
    config = run.config
    first_epoch, seen = divmod(run.step, run.steps_per_epoch)
    dataset = training_dataset(
        faces.source,
        config.batch_size,
        seed=config.seed,
        flip=config.data.flip,
        cache=_caches(config.data, faces),
        sampling=build_sampling(config.data),
        augment=build_augmentation(config.data),
        repeat=True,
        first_step=run.step,
    )
    if progress:
        last_step = last_epoch * run.steps_per_epoch
        bar = ProgressBar(first_step=run.step, last_step=last_step)
        callbacks = [*callbacks, bar]
    run.recognizer.fit(
        dataset,
        initial_epoch=first_epoch,
        epochs=last_epoch,
        steps_per_epoch=run.steps_per_epoch - seen,
        callbacks=[run.alarm, run, run.watch, *callbacks],
        verbose=0,
    )
    finish_weights(run.recognizer)


def _caches(config, faces):
    if config.cache is not None:
        return config.cache
    height, width = config.image_size
    return faces.num_images * height * width * 3 <= _CACHE_BYTES
