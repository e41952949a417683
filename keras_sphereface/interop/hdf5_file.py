"""HDF5 files as Keras writes them, read without the HDF5 library.

That library follows a file's links, filters and other files wherever they
lead, and a damaged file can keep it busy for ever. Here the old forms alone
are understood, which `h5py` writes unless told otherwise: groups as B-trees,
plain numbers in one piece, attributes of text.
"""

import struct
from typing import Any, NamedTuple

import numpy as np

from keras_sphereface.interop.hdf5_messages import (
    ATTRIBUTE,
    CONTINUATION,
    DATASPACE,
    DATATYPE,
    EXTERNAL_FILES,
    FILTERS,
    LAYOUT,
    LINK,
    LINK_INFO,
    SYMBOL_TABLE,
    read_attribute,
    read_datatype,
    read_layout,
    read_shape,
)
from keras_sphereface.interop.limits import (
    MAX_ENTRIES,
    MAX_HEADER_BYTES,
    ByteBudget,
)
from keras_sphereface.interop.weights_errors import WeightsFileError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_ROOT_HEADER = 64  # in the superblock, the address of the outermost group
_OPTIONAL_LINK = 2  # kind of an entry that leads to a name, not to an object
_MAX_DEPTH = 16
_MAX_NAME = 1024
_REFUSED = {
    FILTERS: "a compressed array",
    EXTERNAL_FILES: "an array in another file",
    LINK: "a group of a newer kind",
    LINK_INFO: "a group of a newer kind",
}


class Hdf5Content(NamedTuple):
    """What is in an HDF5 file.

    Attributes:
        arrays: dict of str, path of groups with slashes, to `np.ndarray`.
        texts: dict of `(path, name)` to str, the attributes that are text.
    """

    arrays: dict
    texts: dict


def read_hdf5(file):
    """Arrays and texts of an HDF5 file.

    Args:
        file: binary file, seekable.

    Returns:
        `Hdf5Content`.

    Raises:
        WeightsFileError: the file has what Keras does not write. Damaged ones
            raise other errors too.

    Reference:
        - [Format](https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html)
    """
    return _Reader(file).read()


class _Reader:
    """Reads objects by their address, each once."""

    def __init__(self, file):
        self._file = file
        self._size = file.seek(0, 2)
        self._seen = set()
        self._steps_left = MAX_ENTRIES
        self._bytes = ByteBudget(self._size)
        self._text_bytes = ByteBudget(MAX_HEADER_BYTES)

    def read(self):
        start = self._at(0, _ROOT_HEADER + 8)
        # Version 0; offsets and lengths of 8 bytes; no user block before.
        is_known = (
            start[:9] == SIGNATURE + b"\0" and start[13:15] == b"\x08\x08"
        )
        if not is_known or start[24:32] != bytes(8):
            raise WeightsFileError(
                "it is no HDF5 file, or one of a newer kind than Keras writes"
            )
        content = Hdf5Content({}, {})
        (root,) = struct.unpack_from("<Q", start, _ROOT_HEADER)
        todo = [("", root, 0)]
        while todo:
            path, address, depth = todo.pop()
            if depth > _MAX_DEPTH:
                raise WeightsFileError("its groups are nested too deep")
            messages = self._messages(address)
            self._read_texts(path, messages, content.texts)
            if SYMBOL_TABLE in messages:
                (table,) = messages[SYMBOL_TABLE]
                todo += [
                    (f"{path}/{name}" if path else name, child, depth + 1)
                    for name, child in self._members(table)
                ]
            elif LAYOUT in messages:
                content.arrays[path] = self._array(path, messages)
        return content

    def _at(self, address, size):
        """Bytes at an address."""
        if size > self._size - address:
            raise WeightsFileError("an address lies outside of it")
        self._file.seek(address)
        return self._file.read(size)

    def _step(self, address=None):
        """Counts what is read, and refuses to read it twice."""
        self._steps_left -= 1
        if self._steps_left < 0 or address in self._seen:
            raise WeightsFileError("its parts are too many, or in each other")
        if address is not None:
            self._seen.add(address)

    def _messages(self, address):
        """What the header of an object says: contents by kind."""
        self._step(address)
        version, _, _, _, size = struct.unpack("<BBHII", self._at(address, 12))
        if version != 1:
            raise WeightsFileError("it has an object of a newer kind")
        found: dict[int, list[Any]] = {}
        blocks = [(address + 16, size)]
        while blocks:
            start, size = blocks.pop()
            block = self._at(start, size)
            place = 0
            while place + 8 <= size:
                self._step()
                kind, length, flags = struct.unpack_from("<HHB", block, place)
                content = block[place + 8 : place + 8 + length]
                if len(content) != length:
                    raise WeightsFileError("an object ends early")
                place += 8 + length
                if kind in _REFUSED:
                    raise WeightsFileError(f"it has {_REFUSED[kind]}")
                if flags & 2 and kind in (DATATYPE, DATASPACE):
                    raise WeightsFileError("objects of it share their type")
                if kind == CONTINUATION:
                    more = struct.unpack_from("<QQ", content)
                    self._step(more[0])
                    blocks.append(more)
                else:
                    found.setdefault(kind, []).append(content)
        return found

    def _members(self, table):
        """Names and addresses of what is in a group."""
        tree, heap = struct.unpack_from("<QQ", table)
        head = self._at(heap, 32)
        if head[:4] != b"HEAP":
            raise WeightsFileError("a group has no names")
        names_size, _, names_start = struct.unpack_from("<QQQ", head, 8)
        todo = [tree]
        while todo:
            address = todo.pop()
            self._step(address)
            if self._at(address, 4) == b"SNOD":
                yield from self._entries(address, names_start, names_size)
                continue
            head = self._at(address, 24)
            if head[:5] != b"TREE\0":
                raise WeightsFileError("a group has no members")
            (count,) = struct.unpack_from("<H", head, 6)
            # A key before each child, and one behind the last.
            links = struct.unpack(
                f"<{2 * count}Q", self._at(address + 24, 16 * count)
            )
            todo += links[1::2]

    def _entries(self, address, names_start, names_size):
        (count,) = struct.unpack("<H", self._at(address + 6, 2))
        entries = self._at(address + 8, 40 * count)
        for place in range(0, len(entries), 40):
            name, child, kind = struct.unpack_from("<QQI", entries, place)
            if kind == _OPTIONAL_LINK:
                raise WeightsFileError("it has a link to another place")
            if name >= names_size:
                raise WeightsFileError("a name lies outside of its group")
            start = names_start + name
            size = min(_MAX_NAME, names_size - name, self._size - start)
            text, end, _ = self._at(start, size).partition(b"\0")
            if not end or not text:
                raise WeightsFileError("a name has no end")
            yield text.decode(), child

    def _read_texts(self, path, messages, texts):
        for message in messages.get(ATTRIBUTE, ()):
            self._step()
            attribute = read_attribute(message)
            if attribute is None:
                continue
            name, text, place = attribute
            if place is not None:
                text = self._from_heap(*place)
            self._text_bytes.spend(len(text))
            texts[path, name] = text.decode()

    def _from_heap(self, size, address, index):
        """A text of any length, which lies apart from its object."""
        head = self._at(address, 16)
        if head[:5] != b"GCOL\x01":
            raise WeightsFileError("a text is not where it should be")
        (end,) = struct.unpack_from("<Q", head, 8)
        place = address + 16
        while place + 16 <= address + end:
            self._step()
            number, _, _, length = struct.unpack("<HHIQ", self._at(place, 16))
            if number == index:
                if length < size:
                    raise WeightsFileError("a text is shorter than said")
                return self._at(place + 16, size)
            place += 16 + (length + 7) // 8 * 8
        raise WeightsFileError("a text is not where it should be")

    def _array(self, path, messages):
        (layout,), (kind,) = messages[LAYOUT], messages[DATATYPE]
        (space,) = messages[DATASPACE]
        dtype, shape = read_datatype(kind), read_shape(space)
        count = int(np.prod(shape, dtype=object))
        if dtype is None:
            raise WeightsFileError(f"{path[-60:]} does not hold plain numbers")
        address, size, inside = read_layout(layout)
        if size != count * dtype.itemsize:
            raise WeightsFileError(f"{path[-60:]} has another size than said")
        self._bytes.spend(size)
        if inside is None:
            inside = self._at(address, size) if size else b""
        # A copy, which may be written to.
        array = np.frombuffer(inside, dtype).astype(dtype.newbyteorder("="))
        return array.reshape(shape)
