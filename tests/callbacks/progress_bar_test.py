import keras
import numpy as np
import pytest

from keras_sphereface.callbacks import ProgressBar


def make_model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_one_bar_counts_the_steps_of_all_epochs(capsys):
    x = np.zeros((40, 3), "float32")
    make_model().fit(
        x,
        x[:, :1],
        batch_size=10,
        epochs=3,
        callbacks=[ProgressBar()],
        verbose=0,
    )
    shown = capsys.readouterr().err
    assert "12/12" in shown
    assert "epoch=3/3" in shown
    assert "loss=0.000" in shown


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_fit_without_a_known_length_still_counts(capsys):
    import tensorflow as tf

    x = np.zeros((20, 3), "float32")
    batches = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(4)
    make_model().fit(
        batches.filter(lambda *batch: True),
        shuffle=False,
        callbacks=[ProgressBar(metrics=())],
        verbose=0,
    )
    assert "5step" in capsys.readouterr().err
