"""Changes of files that keep enough of them to be read on."""

import io
import re
import struct
import zipfile

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_TEXT_NUMBERS = (
    *(b"-1", b"0", b"1", b"2147483648", b"9223372036854775807", b"1e308"),
    *(b"NaN", b"null", b"[]", b"1" * 5000),
)
_WORDS = (0, 1, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**61 - 1, 2**63, 2**64 - 1)


def mutate(content, rng, others=()):
    """One to a few changes, most often one.

    Args:
        content: bytes.
        rng: `np.random.Generator`.
        others: changes of this format alone, functions of `(content, rng)`.

    Returns:
        Bytes.
    """
    changes = [*_CHANGES, *others, *others]
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        content = changes[rng.integers(len(changes))](content, rng)
    return content


def _place(content, rng):
    # Headers and tables lie at the ends of most files.
    size = len(content)
    near = rng.integers(3)
    if near == 0 or size < 600:
        return int(rng.integers(max(size, 1)))
    place = int(rng.integers(300))
    return place if near == 1 else size - 1 - place


def _flip_bit(content, rng):
    changed = bytearray(content)
    if changed:
        changed[_place(content, rng)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _set_byte(content, rng):
    place = _place(content, rng)
    value = int(rng.choice([0, 1, 127, 128, 255, ord("("), ord("."), 10]))
    return content[:place] + bytes([value]) + content[place + 1 :]


def _set_word(content, rng):
    size = int(rng.choice([2, 4, 8]))
    place = _place(content, rng) // size * size
    word = _WORDS[rng.integers(len(_WORDS))] + int(rng.integers(-1, 2))
    if rng.random() < 0.2:
        word = len(content)
    order = "little" if rng.random() < 0.8 else "big"
    data = (word % 2 ** (8 * size)).to_bytes(size, order)
    return content[:place] + data + content[place + size :]


def _cut_end(content, rng):
    return content[: _place(content, rng)]


def _repeat(content, rng):
    """A piece again, somewhere, once or a thousand times."""
    start = _place(content, rng)
    piece = content[start : start + int(rng.integers(1, 64))]
    piece *= int(rng.choice([1, 1, 2, 1000]))
    place = _place(content, rng)
    return content[:place] + piece + content[place:]


def _copy_over(content, rng):
    start, place = _place(content, rng), _place(content, rng)
    piece = content[start : start + int(rng.integers(1, 64))]
    return content[:place] + piece + content[place + len(piece) :]


def _leave_out(content, rng):
    place = _place(content, rng)
    return content[:place] + content[place + int(rng.integers(1, 64)) :]


def _change_number(content, rng):
    """Another number in place of one that is written as text."""
    numbers = [*_NUMBER.finditer(content[:20_000])]
    if not numbers:
        return _set_word(content, rng)
    match = numbers[rng.integers(len(numbers))]
    number = _TEXT_NUMBERS[rng.integers(len(_TEXT_NUMBERS))]
    return content[: match.start()] + number + content[match.end() :]


_CHANGES = (
    *(_flip_bit, _flip_bit, _set_byte, _set_word, _set_word, _cut_end),
    *(_repeat, _copy_over, _leave_out, _change_number),
)


def change_entry(content, rng):
    """Of a zip file: another content, with a checksum that fits."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            entries = [(info, archive.read(info)) for info in infos]
    except Exception:  # damaged before, in any way
        return content
    if not entries:
        return content
    chosen = int(rng.integers(len(entries)))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, (info, data) in enumerate(entries):
            if number == chosen:
                data = mutate(data, rng)
                kind = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
                info.compress_type = kind[int(rng.random() < 0.1)]
            archive.writestr(info, data)
    return stream.getvalue()


def change_lines(content, rng):
    """Of a text: lines twice, in another order, or without their end."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    a, b = (int(n) for n in rng.integers(len(lines), size=2))
    kind = rng.integers(4)
    if kind == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif kind == 1:
        lines.insert(b, lines[a])
    elif kind == 2:
        lines[a] = lines[a].rstrip() + b"\t\xff\xfe,\"'"
    else:
        lines[a] = lines[a].replace(b",", b"\t").replace(b"/", b"/../")
    return b"".join(lines)


def change_header(content, rng):
    """Of what starts with the length of its header: both still agree."""
    (length,) = struct.unpack_from("<Q", content.ljust(8, b"\0"))
    if length > len(content):
        return content
    header = mutate(content[8 : 8 + length], rng)
    return struct.pack("<Q", len(header)) + header + content[8 + length :]
