"""Events of TensorBoard, read back."""

import importlib.util

import numpy as np
import pytest

from keras_sphereface.backend.tensorboard_writer import TensorBoardWriter

pytest.importorskip("tensorflow")


def test_writes_scalars_and_histograms_by_step(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorflow.core.util.event_pb2 import Event
    from tensorflow.data import TFRecordDataset

    writer = TensorBoardWriter(tmp_path)
    writer.write(3, {"loss": 0.5}, {"angles": np.arange(4.0)})
    writer.write(4, {"loss": 0.25}, {})
    writer.close()
    [path] = map(str, tmp_path.iterdir())
    events = [
        Event.FromString(record.numpy()) for record in TFRecordDataset(path)
    ]
    found = [(e.step, v.tag) for e in events for v in e.summary.value]
    assert found == [(3, "loss"), (3, "angles"), (4, "loss")]


def test_without_tensorboard_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"keras-sphereface\[tensorboard\]"):
        TensorBoardWriter(tmp_path)
