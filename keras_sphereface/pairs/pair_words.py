"""The words that say whether a pair shows one person."""

_SAME = ("1", "true", "same", "yes", "match", "genuine", "positive", "1.0")
_DIFFERENT = (
    *("0", "false", "different", "diff", "no", "mismatch", "impostor"),
    *("negative", "0.0", "-1", "-1.0"),
)
_TRUTHS = dict.fromkeys(_SAME, True) | dict.fromkeys(_DIFFERENT, False)


def truth_of(word: str) -> bool | None:
    """What a word says of a pair.

    Args:
        word: str, such as `"1"`, `"-1"`, `"True"` or `"different"`.

    Returns:
        bool, or `None` if it says nothing.
    """
    return _TRUTHS.get(word.strip().lower())


def count_of(word: str) -> int | None:
    """A whole number of at least 1.

    Args:
        word: str.

    Returns:
        int, or `None` if it is none, or too large for one.
    """
    is_count = word.isascii() and word.isdecimal() and len(word) < 10
    return int(word) or None if is_count else None
