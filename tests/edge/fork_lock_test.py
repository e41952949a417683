import os
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest

from keras_sphereface.edge.fork_lock import ForkLock

ROOT = pathlib.Path(__file__).parents[2]
# Forks while other threads embed and enrol; children do both, within seconds.
PROGRAM = """
import os, signal, sys, threading, warnings
import numpy as np
from keras_sphereface.edge import FaceVerifier, Gallery

warnings.simplefilter("ignore")  # Python itself warns of such forks
verifiers = [FaceVerifier(sys.argv[1], threads=n) for n in (1, 2)]
images = np.load(sys.argv[2])
expected = [verifier.embed(images) for verifier in verifiers]
gallery = Gallery(verifiers[0].model)
stop = threading.Event()

def work(verifier):
    while not stop.is_set():
        gallery.enrol("Ann", verifier.embed(images))

threads = [threading.Thread(target=work, args=(v,)) for v in verifiers]
for thread in threads:
    thread.start()
statuses = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        for verifier, of_parent in zip(verifiers, expected):
            found = verifier.embed(images)
            np.testing.assert_array_equal(found, of_parent)
            gallery.enrol("Bob", found)
        gallery.search(found)
        os._exit(0)
    statuses.append(os.waitpid(child, 0)[1])
stop.set()
for thread in threads:
    thread.join()
print(statuses)
"""

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this system has no forks"
)


@pytest.mark.slow
def test_a_child_embeds_while_threads_of_its_parent_do(exported, tmp_path):
    np.save(tmp_path / "images.npy", exported.images[:2])
    done = subprocess.run(
        [
            *(sys.executable, "-c", PROGRAM),
            *(exported.path, tmp_path / "images.npy"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == f"{[0] * 8}\n", done.stderr


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_lock_that_another_thread_holds_is_free_in_the_child():
    lock = ForkLock()
    is_held, may_go = threading.Event(), threading.Event()

    def hold():
        with lock:
            is_held.set()
            may_go.wait(0.1)

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if lock._lock.acquire(timeout=5) else 1)
    assert os.waitpid(child, 0)[1] == 0
    holder.join()
    with lock:  # free in the parent, too
        assert not lock._lock.acquire(blocking=False)
