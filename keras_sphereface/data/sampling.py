"""Which images a batch is made of."""

import math

import numpy as np
import tensorflow as tf

from keras_sphereface.contract.arguments import check_integer


class ImageSampling:
    """Every image once per epoch, in random order: the usual way."""

    def num_batches(self, labels, batch_size, drop_remainder):
        """Batches of an epoch.

        Args:
            labels: int array, `[num_images]`.
            batch_size: int.
            drop_remainder: bool, whether a last, smaller batch is left out.

        Returns:
            int.
        """
        rounded = math.floor if drop_remainder else math.ceil
        return rounded(self.epoch_size(labels) / batch_size)

    def epoch_size(self, labels):
        """Images of an epoch, as `num_batches` counts them.

        Args:
            labels: int array, `[num_images]`.

        Returns:
            int.
        """
        return len(labels)

    def epochs(self, labels, batch_size, *, shuffle, drop_remainder):
        """A function that orders the images of an epoch.

        Args:
            labels: int array, `[num_images]`.
            batch_size: int.
            shuffle: bool.
            drop_remainder: bool.

        Returns:
            Function from a seed, int tensor `[2]`, to a `tf.data.Dataset` of
            int tensors `[batch_size]`, positions of images.
        """
        choose = self.chooser(labels)

        def order(seed):
            order_seed, choice_seed = tf.unstack(tf.random.split(seed, 2))
            index = choose(choice_seed)
            if shuffle:
                index = tf.random.experimental.stateless_shuffle(
                    index, order_seed
                )
            index = tf.data.Dataset.from_tensor_slices(index)
            return index.batch(batch_size, drop_remainder=drop_remainder)

        return order

    def chooser(self, labels):
        """A function that chooses the images of an epoch.

        Args:
            labels: int array, `[num_images]`.

        Returns:
            Function from a seed, int tensor `[2]`, to an int tensor
            `[epoch_size]`.
        """
        return lambda seed: tf.range(len(labels))


class BalancedSampling(ImageSampling):
    """Every image once, and some again where an identity has few.

    An identity with fewer than `min_images` images gives that many all the
    same: the missing ones are drawn from its own, other ones each epoch.

    Args:
        min_images: int, at least 1, images of each identity in an epoch.
    """

    def __init__(self, min_images):
        self.min_images = check_integer("min_images", min_images, at_least=1)

    def epoch_size(self, labels):
        counts = np.bincount(labels)
        return int(np.maximum(counts, self.min_images)[counts > 0].sum())

    def chooser(self, labels):
        by_label, starts, counts = _by_identity(labels)
        missing = np.maximum(self.min_images - counts, 0)
        owners = np.repeat(np.arange(len(counts)), missing)
        starts, counts = _on_host(starts[owners]), _on_host(counts[owners])
        by_label = _on_host(by_label)

        def choose(seed):
            place = tf.random.stateless_uniform([len(owners)], seed)
            # A float32 below 1 times a count can round up to the count.
            place = tf.cast(place * tf.cast(counts, tf.float32), tf.int32)
            again = tf.gather(by_label, starts + tf.minimum(place, counts - 1))
            return tf.concat([tf.range(len(labels)), again], axis=0)

        return choose


class IdentitySampling(ImageSampling):
    """Batches of some identities with as many images each.

    For losses without class centers, which compare the images of a batch. A
    batch has `batch_size / images_per_identity` identities, none twice, and all
    take their turn before one comes again. An identity with fewer images shows
    each as often, up to one.

    An epoch has about as many images as the set, not each of them once.

    Args:
        images_per_identity: int, at least 2.
    """

    def __init__(self, images_per_identity):
        self.images_per_identity = check_integer(
            "images_per_identity", images_per_identity, at_least=2
        )

    def num_batches(self, labels, batch_size, drop_remainder):
        self._identities_of(batch_size, labels)
        return max(len(labels) // batch_size, 1)

    def epochs(self, labels, batch_size, *, shuffle, drop_remainder):
        if not shuffle:
            raise ValueError(
                "Sampling by identity is random, so `shuffle` must be True. "
                "Received: shuffle=False"
            )
        count = self._identities_of(batch_size, labels)
        by_label, starts, counts = map(_on_host, _by_identity(labels))
        num_batches = self.num_batches(labels, batch_size, drop_remainder)
        num_identities = len(starts)
        # Whole batches of one turn; the few identities left over wait.
        turns = math.ceil(num_batches / (num_identities // count))

        def order(seed):
            order_seed, image_seed = tf.unstack(tf.random.split(seed, 2))
            identities = tf.concat(
                [
                    tf.random.experimental.stateless_shuffle(
                        tf.range(num_identities), turn_seed
                    )[: num_identities // count * count]
                    for turn_seed in tf.unstack(
                        tf.random.split(order_seed, turns)
                    )
                ],
                axis=0,
            )
            identities = tf.data.Dataset.from_tensor_slices(identities)
            seeds = tf.data.Dataset.from_tensor_slices(
                tf.random.split(image_seed, num_batches)
            )
            batches = identities.batch(count, drop_remainder=True)
            return tf.data.Dataset.zip(batches, seeds).map(images_of)

        def images_of(identities, seed):
            number = tf.gather(counts, identities)
            widest = tf.reduce_max(number)
            keys = tf.random.stateless_uniform([count, widest], seed)
            is_there = tf.range(widest) < number[:, None]
            shuffled = tf.argsort(tf.where(is_there, keys, 2.0), axis=1)
            place = tf.range(self.images_per_identity) % number[:, None]
            chosen = tf.gather(shuffled, place, axis=1, batch_dims=1)
            chosen += tf.gather(starts, identities)[:, None]
            return tf.gather(by_label, tf.reshape(chosen, [batch_size]))

        return order

    def _identities_of(self, batch_size, labels):
        each = self.images_per_identity
        if batch_size % each:
            raise ValueError(
                "`batch_size` must be a multiple of `images_per_identity`. "
                f"Received: batch_size={batch_size}, images_per_identity={each}"
            )
        there = len(np.unique(labels))
        if batch_size // each > there:
            raise ValueError(
                "`batch_size / images_per_identity` must not be more than "
                f"there are identities, {there}. Received: "
                f"batch_size={batch_size}, images_per_identity={each}"
            )
        return batch_size // each


def _by_identity(labels):
    """Positions in order of labels, and where each identity is in them."""
    by_label = np.argsort(labels, kind="stable").astype(np.int32)
    _, starts, counts = np.unique(
        labels[by_label], return_index=True, return_counts=True
    )
    return by_label, starts.astype(np.int32), counts.astype(np.int32)


def _on_host(values):
    with tf.device("CPU:0"):
        return tf.constant(values)
