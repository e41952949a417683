"""Ranges of large files, read in Python and inside `tf.data`."""

import ctypes
import errno
import mmap
import os
import weakref

import numpy as np
import tensorflow as tf

from keras_sphereface.files.mapped_files import name_when_cut


class FileRanges:
    """Files of which ranges are read, in any order and by any thread.

    Nothing is read before it is asked for, and what was read stays in the
    system's page cache, not in the process. The graph needs no Python, so
    threads do not wait for each other. What Python reads of a file that has
    shrunk is an error that names it.

    Args:
        paths: list of str, files with at least one byte each.

    Attributes:
        paths: list of str.
        sizes: list of int, bytes of each file when it was opened.
    """

    def __init__(self, paths):
        self.paths = [os.fspath(path) for path in paths]
        self._files = [os.open(path, os.O_RDONLY) for path in self.paths]
        weakref.finalize(self, _close, self._files)
        self.sizes = [os.fstat(file).st_size for file in self._files]
        for path, size in zip(self.paths, self.sizes, strict=True):
            if not size:
                raise ValueError(f"The file is empty. Received: {path}")

    def read(self, file, offset, length):
        """Bytes of one range.

        Args:
            file: int, position in `paths`.
            offset: int, first byte.
            length: int, number of bytes.

        Returns:
            Bytes.

        Raises:
            OSError: the file has shrunk.
        """
        content = os.pread(self._files[file], length, offset)
        if len(content) != length:
            raise OSError(
                errno.EIO,
                f"The file has fewer than the {self.sizes[file]} bytes that "
                "it had when it was opened",
                self.paths[file],
            )
        return content

    def content(self, file):
        """The bytes of one file as a sequence, still on the disk.

        Args:
            file: int, position in `paths`.

        Returns:
            `FileContent`.
        """
        return FileContent(self, file)

    def reader(self, files, offsets, lengths):
        """A function that reads the range at an index, for `tf.data`.

        The graph reads the files from memory that they are mapped into: the
        one op that reads a part of a file, a dataset, takes thirty times as
        long. A file that shrinks meanwhile ends the process, by
        `files.mapped_files` with its name.

        Args:
            files: int array, `[num_ranges]`, positions in `paths`.
            offsets: int array, `[num_ranges]`.
            lengths: int array, `[num_ranges]`, at least 1 and below 2**31.

        Returns:
            Function from an int tensor `[]` to a string tensor `[]`.

        Raises:
            OSError: a file has shrunk since it was opened.
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
        for file, size in enumerate(self.sizes):
            self.read(file, size - 1, 1)  # an error where it has shrunk
            content = np.frombuffer(
                mmap.mmap(self._files[file], size, access=mmap.ACCESS_READ),
                np.uint8,
            )
            name_when_cut(content, self.paths[file])
            regions = tf.raw_ops.TensorListPushBack(
                input_handle=regions, tensor=_tensor_over(content)
            )
        return regions


def _tensor_over(array):
    """The bytes of an array as a tensor, none of them copied."""
    shared = (ctypes.c_uint8 * len(array)).from_address(array.ctypes.data)
    shared.owner = array  # the map stays as long as the tensor does
    # DLPack takes no array that is marked as read-only; TensorFlow writes to
    # none of its tensors.
    capsule = np.frombuffer(shared, np.uint8).__dlpack__()
    return tf.experimental.dlpack.from_dlpack(capsule)


def _close(files):
    for file in files:
        os.close(file)


class FileContent:
    """The bytes of a file as a sequence that is read where it is asked for.

    Args:
        files: `FileRanges`.
        file: int, position in its `paths`.
    """

    def __init__(self, files, file):
        self._files, self._file = files, file
        self._size = files.sizes[file]

    def __len__(self):
        return self._size

    def __getitem__(self, places):
        start, stop, _ = places.indices(self._size)
        return self._files.read(self._file, start, max(stop - start, 0))
