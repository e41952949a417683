"""What threads and forked processes may do with a network of either runtime."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np


def assert_threads_share(run, inputs):
    """Threads at once get what one alone got.

    Args:
        run: function from an input to an array.
        inputs: inputs, one per call.
    """
    expected = [run(values) for values in inputs]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(run, inputs))
    np.testing.assert_array_equal(found, expected)


def assert_a_fork_shares(run, values):
    """A forked process gets what its parent got, and so does the parent after.

    Args:
        run: function from an input to an array.
        values: an input.
    """
    expected = run(values)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=lambda: queue.put(run(values)))
    child.start()
    np.testing.assert_array_equal(queue.get(timeout=60), expected)
    child.join(60)
    np.testing.assert_array_equal(run(values), expected)
