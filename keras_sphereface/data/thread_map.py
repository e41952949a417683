"""Work on many items, in threads."""

import os
from concurrent.futures import ThreadPoolExecutor


def map_in_threads(function, items, chunk=64):
    """The results of `function(some items)` for all items, in order.

    Args:
        function: from a part of `items` to a list of results.
        items: sequence.
        chunk: int, items per call. Defaults to `64`.

    Yields:
        The results, one after another.
    """
    chunks = [items[i : i + chunk] for i in range(0, len(items), chunk)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for results in pool.map(function, chunks):
            yield from results
