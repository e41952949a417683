"""Ranges of large files, read in Python and inside `tf.data`."""

import ctypes
import mmap
import os

import numpy as np
import tensorflow as tf


class MappedFiles:
    """Files mapped into memory, which the system reads page by page.

    Nothing is read before it is asked for, and what was read stays in the
    system's page cache, not in the process. The graph needs no Python, so
    threads do not wait for each other.

    Args:
        paths: list of str, files with at least one byte each. They must not
            shrink while they are open.
    """

    def __init__(self, paths):
        self.paths = [os.fspath(path) for path in paths]
        self.maps = [_map(path) for path in self.paths]

    def read(self, file, offset, length):
        """Bytes of one range.

        Args:
            file: int, position in `paths`.
            offset: int, first byte.
            length: int, number of bytes.

        Returns:
            Bytes.
        """
        return self.maps[file][offset : offset + length]

    def array(self, file):
        """The bytes of one file, still on the disk.

        Args:
            file: int, position in `paths`.

        Returns:
            Uint8 array, `[size]`, read-only.
        """
        return np.frombuffer(self.maps[file], np.uint8)

    def reader(self, files, offsets, lengths):
        """A function that reads the range at an index, for `tf.data`.

        Args:
            files: int array, `[num_ranges]`, positions in `paths`.
            offsets: int array, `[num_ranges]`.
            lengths: int array, `[num_ranges]`, at least 1 and below 2**31.

        Returns:
            Function from an int tensor `[]` to a string tensor `[]`.
        """
        with tf.device("CPU:0"):
            ranges = tf.constant(
                np.stack([files, offsets, lengths], axis=1), tf.int64
            )
            regions = self._regions()

        def read(index):
            file, offset, length = tf.unstack(tf.gather(ranges, index))
            region = tf.raw_ops.TensorListGetItem(
                input_handle=regions,
                index=tf.cast(file, tf.int32),
                element_shape=tf.constant([-1], tf.int32),
                element_dtype=tf.uint8,
            )
            part = tf.slice(region, [offset], [length])
            # No op joins bytes to a string; a serialized tensor ends in them.
            length = tf.cast(length, tf.int32)
            return tf.strings.substr(
                tf.io.serialize_tensor(part), -length, length
            )

        return read

    def _regions(self):
        # A list holds its tensors by reference: no byte is copied.
        regions = tf.raw_ops.EmptyTensorList(
            element_shape=tf.constant([-1], tf.int32),
            max_num_elements=tf.constant(-1, tf.int32),
            element_dtype=tf.uint8,
        )
        for content in self.maps:
            regions = tf.raw_ops.TensorListPushBack(
                input_handle=regions, tensor=_tensor_over(content)
            )
        return regions


def _tensor_over(content):
    """The bytes of a map as a tensor, none of them copied."""
    array = np.frombuffer(content, np.uint8)
    shared = (ctypes.c_uint8 * len(array)).from_address(array.ctypes.data)
    shared.owner = array  # the map stays as long as the tensor does
    # DLPack takes no array that is marked as read-only; TensorFlow writes to
    # none of its tensors.
    capsule = np.frombuffer(shared, np.uint8).__dlpack__()
    return tf.experimental.dlpack.from_dlpack(capsule)


def _map(path):
    with open(path, "rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise ValueError(f"The file is empty. Received: {path}")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
