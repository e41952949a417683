"""Batches for `model.fit`, in an order that the seed decides."""

import numpy as np
import tensorflow as tf

from keras_sphereface.contract import (
    FaceInput,
    check_first_images,
    read_images,
)
from keras_sphereface.contract.arguments import check_integer, check_sizes
from keras_sphereface.data.augmentation import random_flip
from keras_sphereface.data.decoding import read_batch
from keras_sphereface.data.encoded_faces import EncodedFaces
from keras_sphereface.data.sampling import ImageSampling


def training_dataset(
    source,
    batch_size,
    *,
    seed=0,
    shuffle=True,
    flip=True,
    drop_remainder=True,
    cache=False,
    repeat=False,
    first_step=0,
    sampling=None,
    augment=(),
    shard=(0, 1),
):
    """Batches of face images and labels, endlessly repeatable with one seed.

    Each pass over the dataset is an epoch: all images are reordered, not only
    those in a buffer, and mirrored anew. Epoch `k` is the same in every run
    with the same arguments, whatever the global seeds are.

    Args:
        source: an `ImageFolder`, a `RecordDataset` or a `TFRecordFolder`; any
            object whose `load()` returns images and
            labels, such as `SyntheticFaces`; or the pair itself. Images are
            uint8 or float in `[0, 255]`, `[num_images, height, width, 3]`,
            RGB, or in another form of `contract.list_images`, of one size,
            which are read into memory; labels are int, `[num_images]`, at
            least 0.
        batch_size: int, at least 1; under a distribution strategy, the images
            of all replicas together.
        seed: int, at least 0. Defaults to `0`.
        shuffle: bool. Defaults to `True`.
        flip: bool, whether to mirror half of the images. Defaults to `True`.
        drop_remainder: bool, whether to leave out the images that do not fill
            a last batch: others each epoch, but always the same if `shuffle`
            is off. Defaults to `True`.
        cache: bool, whether to decode an `ImageFolder` once and keep the
            pixels in memory, 38 kB per image at 112x112. Defaults to `False`.
        repeat: bool. `True` gives all epochs in one endless pass, for
            `fit(..., steps_per_epoch=)`. So does a run that must see the same
            order under a distribution strategy, where Keras begins passes
            that it does not use. Defaults to `False`.
        first_step: int, batches that an earlier run has seen; needs `repeat`.
            Defaults to `0`.
        sampling: `BalancedSampling`, which shows everyone often enough, or
            `IdentitySampling`, for losses that compare the images of a batch.
            Defaults to `None`: each image once per epoch.
        augment: functions such as `AdaFaceAugmentation()` or
            `KerasAugmentation(layer)`, from `(example, seed=)` to an example
            of the same sizes, in order, after the flip. An example is a dict
            of a batch, `"image"` and `"label"`; a seed an int tensor `[2]`.
            Defaults to `()`.
        shard: `(worker, num_workers)`. Each worker gets every
            `num_workers`-th image of each batch, so that all of them together
            get the batches that one alone would. Defaults to `(0, 1)`.

    Returns:
        `tf.data.Dataset`, of known length unless it repeats, of
        `(images, labels)`: pixels in
        `[0, 255]`, `[batch_size, height, width, 3]`, uint8 unless the source
        holds floats (then float32), and int32 `[batch_size]`.

    Example:

    ```python
    dataset = training_dataset(ImageFolder("faces"), batch_size=64)
    recognizer.fit(dataset, epochs=10)
    ```
    """
    batch_size = check_integer("batch_size", batch_size, at_least=1)
    seed = check_integer("seed", seed, at_least=0)
    first_step = check_integer("first_step", first_step, at_least=0)
    if first_step and not repeat:
        raise ValueError(
            "`first_step` counts batches of an endless pass, so it needs "
            f"`repeat=True`. Received: first_step={first_step}, repeat=False"
        )
    worker, num_workers = _checked_shard(shard, batch_size)
    if isinstance(source, EncodedFaces) and not cache:
        labels, read = source.labels, _encoded_reader(source)
    else:
        images, labels = _checked_arrays(*_arrays_of(source))
        read = _array_reader(images, labels)
    sampling = ImageSampling() if sampling is None else sampling
    if drop_remainder and batch_size > sampling.epoch_size(labels):
        raise ValueError(
            "`batch_size` must not be larger than the set, or no batch would "
            "come; use `drop_remainder=False` for a smaller batch. Received: "
            f"batch_size={batch_size} for {len(labels)} images"
        )
    num_batches = sampling.num_batches(labels, batch_size, drop_remainder)
    order_epoch = sampling.epochs(
        labels, batch_size, shuffle=shuffle, drop_remainder=drop_remainder
    )
    steps = [*([random_flip] if flip else []), *augment]

    def read_batch(index, batch_seed):
        example = read(index[worker::num_workers])
        if num_workers > 1:
            batch_seed = tf.random.fold_in(batch_seed, worker)
        # The first step has the seed of the batch itself.
        for number, step in enumerate(steps):
            seed = tf.random.fold_in(batch_seed, number) if number else None
            example = step(example, seed=batch_seed if seed is None else seed)
        return example["image"], example["label"]

    def order_batches(epoch):
        epoch_seed = tf.random.fold_in(tf.constant([seed, 0], tf.int64), epoch)
        order_seed, change_seed = tf.unstack(tf.random.split(epoch_seed, 2))
        seeds = tf.data.Dataset.from_tensor_slices(
            tf.random.split(change_seed, num_batches)
        )
        batches = tf.data.Dataset.zip(order_epoch(order_seed), seeds)
        seen = tf.where(epoch == first_epoch, first_batch, 0)
        return batches.skip(tf.cast(seen, tf.int64))

    first_epoch, first_batch = divmod(first_step, num_batches)
    epochs = tf.data.Dataset.counter(first_epoch) if repeat else _pass_number()
    dataset = epochs.flat_map(order_batches).map(
        read_batch, num_parallel_calls=tf.data.AUTOTUNE
    )
    if not repeat:
        dataset = dataset.apply(
            tf.data.experimental.assert_cardinality(num_batches)
        )
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(_options())


def _checked_shard(shard, batch_size):
    worker, num_workers = check_sizes(
        "shard",
        shard,
        at_least=0,
        length=2,
        reason="is (worker, num_workers), so it",
    )
    if worker >= num_workers or batch_size % num_workers:
        raise ValueError(
            "`shard` must be (worker, num_workers), a worker below their "
            "number, which divides `batch_size`. Received: "
            f"shard={shard!r}, batch_size={batch_size}"
        )
    return worker, num_workers


def _pass_number():
    """A dataset of one element, which is one higher on every pass.

    `Dataset.shuffle` changes from pass to pass too, but mixes in the global
    seed. Python functions could count, but may hang the interpreter when it
    exits during a pass.
    """
    # What tunes an iterator sleeps for up to a minute, and whoever drops the
    # iterator, as at the end of `fit`, waits for it.
    options = tf.data.Options()
    options.autotune.enabled = False
    with tf.device("CPU:0"):
        epochs = iter(tf.data.Dataset.counter().with_options(options))
    return tf.data.Dataset.from_tensors(0).map(lambda _: epochs.get_next())


def _options():
    options = tf.data.Options()
    # Rewrites would write a source held in memory into the graph, twice.
    options.experimental_optimization.apply_default_optimizations = False
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    return options


def _encoded_reader(faces):
    """A function from indices `[batch_size]` to an example, decoding."""
    read_bytes = faces.bytes_reader()
    labels = _on_host(faces.labels)

    def read(index):
        return {
            "image": read_batch(
                index,
                read_bytes,
                faces.image_size,
                any_kind=faces.has_rare_kinds,
            ),
            "label": tf.gather(labels, index),
        }

    return read


def _array_reader(images, labels):
    """A function from indices `[batch_size]` to an example from memory."""
    images, labels = _on_host(images), _on_host(labels)

    def read(index):
        return {
            "image": tf.gather(images, index),
            "label": tf.gather(labels, index),
        }

    return read


def _on_host(values):
    # A tensor, because an array would become a constant that every pass reads
    # anew; beside the CPU, because the GPU has better uses for its memory.
    with tf.device("CPU:0"):
        return tf.constant(values)


def _arrays_of(source):
    if hasattr(source, "load"):
        source = source.load()
    if not isinstance(source, (tuple, list)) or len(source) != 2:
        raise ValueError(
            "`source` must be an `ImageFolder`, `RecordDataset` or "
            "`TFRecordFolder`, an object whose `load()` "
            "returns images and labels, or a pair `(images, labels)`. "
            f"Received: source of type {type(source).__name__}"
        )
    return source


def _checked_arrays(images, labels):
    if not hasattr(images, "shape"):
        images = read_images("images", images)
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim != 4 or images.shape[-1] != 3 or 0 in images.shape:
        raise ValueError(
            "`images` must be `[num_images, height, width, 3]`, RGB, channels "
            f"last, at least one. Received: images.shape={images.shape}"
        )
    height, width = images.shape[1:3]
    images = FaceInput(height=height, width=width).check(images)
    check_first_images(images[:256])
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            "`labels` must be integer identities, `[num_images]`, neither "
            "floats nor one-hot rows. Received: "
            f"labels.dtype={labels.dtype}, labels.shape={labels.shape}"
        )
    if len(labels) != len(images):
        raise ValueError(
            "`images` and `labels` must be of one length. Received: "
            f"{len(images)} images, {len(labels)} labels"
        )
    for bad in np.flatnonzero((labels < 0) | (labels > np.iinfo("int32").max)):
        raise ValueError(
            "`labels` must be in [0, num_classes). "
            f"Received: labels[{bad}]={labels[bad]}"
        )
    return images, labels.astype(np.int32)
