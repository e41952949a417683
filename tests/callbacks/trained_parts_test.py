import keras
import pytest

from keras_sphereface import heads
from keras_sphereface.callbacks.trained_parts import (
    find_embedder,
    find_head,
    heads_of,
)
from keras_sphereface.models import FaceRecognizer


def embedder():
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


def functional(*found):
    """A model whose layers are these heads."""
    model = embedder()
    inputs = keras.Input((2,))
    labels = keras.Input((), dtype="int32")
    outputs = [head(inputs, labels) for head in found]
    return keras.Model([inputs, labels], outputs or inputs), model


def test_a_recognizer_has_both():
    head, model = heads.get("arcface", 4), embedder()
    recognizer = FaceRecognizer(model, head)
    assert find_head(recognizer) is head
    assert find_embedder(recognizer) is model


def test_the_head_among_layers_is_found():
    head = heads.get("arcface", 4)
    model, _ = functional(head)
    assert find_head(model) is head


def test_what_is_given_is_taken():
    one, two = heads.get("arcface", 4), heads.get("cosface", 4)
    model, other = functional(one, two)
    assert find_head(model, two) is two
    assert find_embedder(FaceRecognizer(model, one), other) is other


@pytest.mark.parametrize("count", [0, 2])
def test_without_exactly_one_head_it_must_be_given(count):
    model, _ = functional(*(heads.get("arcface", 4) for _ in range(count)))
    with pytest.raises(ValueError, match=rf"`head` must.*with {count} heads"):
        find_head(model)


def test_heads_are_listed_once_each():
    one, two = heads.get("arcface", 4), heads.get("cosface", 4)
    assert heads_of(FaceRecognizer(embedder(), one)) == [one]
    assert heads_of(functional(one, two)[0]) == [one, two]
    assert heads_of(embedder()) == []


def test_what_is_no_head_is_none():
    with pytest.raises(ValueError, match=r"`head`.*Received: head='arcface'"):
        find_head(embedder(), "arcface")


def test_a_model_without_an_embedder_is_named():
    with pytest.raises(ValueError, match=r"`embedder`.*model=Functional"):
        find_embedder(embedder())
