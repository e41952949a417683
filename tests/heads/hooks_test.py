"""What a subclass overrides counts on every path, or is refused.

For each public method of a head there is a subclass that overrides it. A
functional model, `FaceRecognizer`, chunks of classes, sampled classes and the
diagnostics must then see the same change of the loss, unless the subclass
cannot be made.
"""

import functools

import numpy as np
import pytest
from head_cases import EMBEDDING_DIM, NUM_CLASSES, make_batch
from head_paths import step_of_functional_model, step_of_recognizer
from keras import ops

from keras_sphereface import heads
from keras_sphereface.callbacks.head_snapshot import take_snapshot
from keras_sphereface.class_softmax import BinaryLoss
from keras_sphereface.ops import Margin

# 9 classes at 0.95 are 8.55, rounded up 9: the way of sampled classes, with
# none left out, so that the loss is not one of many draws.
PARTS = [{"class_chunk": 4}, {"sample_rate": 0.95}]
PARTS.append({"class_chunk": 4, "sample_rate": 0.95})
# As in `paths_test.py`, in chunks.
TOLERANCE = 4e-6
ARCFACE = heads.ArcFaceHead, {"scale": 16.0}
# A hardness that does not move, so that a step finds what evaluation finds.
CURRICULAR = heads.CurricularFaceHead, {"scale": 16.0, "momentum": 1e-12}
SPHEREFACE2 = heads.SphereFace2Head, {"scale": 16.0}
ELASTIC = heads.ElasticCosFaceHead, {"scale": 16.0, "deviation": 0.0}


def class_margin(self, norms, training):
    return Margin(
        target=lambda cosine, norms: cosine - 0.02 * norms,
        others=lambda cosine: 0.5 * cosine + cosine * cosine * cosine,
        parameters=(norms,),
    )


def row_values(self, cos_theta, labels, norms, training):
    is_true = ops.one_hot(labels, self.num_classes)
    return cos_theta - is_true * ops.mean(cos_theta, axis=1, keepdims=True)


def logit_scale(self, norms):
    return 2.0 * norms


def biased_loss(self):
    return BinaryLoss(0.7, 0.3, 2.0, bias=-3.0)


def learned_bias(self):
    return BinaryLoss(0.7, 0.3, 2.0, bias=2.0 * self.bias)


def class_loss(self):
    return BinaryLoss(0.7, 0.3, 2.0)


def penalties(self, outputs):
    return ops.sum(ops.square(outputs.cos_theta), axis=1) + outputs.norms


def margin_value(self, cos_target, margins):
    return cos_target * cos_target * cos_target - margins


def balanced_bias(self, num_classes):
    return -1.0


def build(self, embeddings_shape, labels_shape=None):
    super(type(self), self).build(embeddings_shape, labels_shape)
    self.scale = 2.0 * self.scale


def of_whole_rows(self):
    return True


def no_hyperparameters(cls):
    return {}


def same(name):
    def method(self, *args, **kwargs):
        return getattr(super(type(self), self), name)(*args, **kwargs)

    return method


# The class to override, and what stands in place of its method. The loss of
# the second kind stays what it is.
CHANGES = {
    "class_margin": (ARCFACE, {"class_margin": class_margin}),
    "logit_scale": (ARCFACE, {"logit_scale": logit_scale}),
    "logit_scale of rows": (CURRICULAR, {"logit_scale": logit_scale}),
    "bias": (ARCFACE, {"class_loss": biased_loss}),
    "bias of rows": (CURRICULAR, {"class_loss": biased_loss}),
    "bias of a weight": (SPHEREFACE2, {"class_loss": learned_bias}),
    "class_loss": (ARCFACE, {"class_loss": class_loss}),
    "class_loss of rows": (CURRICULAR, {"class_loss": class_loss}),
    "penalties": (ARCFACE, {"penalties": penalties}),
    "penalties of rows": (CURRICULAR, {"penalties": penalties}),
    "row_values": (CURRICULAR, {"row_values": row_values}),
    "margin_value": (ELASTIC, {"margin_value": margin_value}),
    "balanced_bias": (SPHEREFACE2, {"balanced_bias": balanced_bias}),
    "build": (ARCFACE, {"build": build}),
    "build of rows": (CURRICULAR, {"build": build}),
}
KEEPS = {
    name: (ARCFACE, {name: same(name)})
    for name in ("get_config", "save_own_variables", "load_own_variables")
}
KEEPS["hyperparameters"] = (
    ARCFACE,
    {"hyperparameters": classmethod(no_hyperparameters)},
)
KEEPS["needs_only_cosines"] = (
    ARCFACE,
    {"needs_only_cosines": property(of_whole_rows)},
)
NAMES = [
    *CHANGES,
    *(pytest.param(name, marks=pytest.mark.slow) for name in KEEPS),
]
REFUSED = {
    heads.ArcFaceHead: (
        "call",
        "compute_outputs",
        "compute_output_shape",
        "cosines",
        "is_streamed",
        "margined_cosines",
    ),
    heads.CurricularFaceHead: (
        "call",
        "class_margin",
        "compute_outputs",
        "compute_output_shape",
        "cosines",
        "is_streamed",
        "margined_cosines",
    ),
}


def public_names(head_class):
    """Methods and properties that are ours, of a head and its ancestors."""
    return {
        name
        for ancestor in head_class.__mro__
        if ancestor.__module__.startswith("keras_sphereface.")
        for name, value in vars(ancestor).items()
        if not name.startswith("_")
        and (callable(value) or isinstance(value, property | classmethod))
    }


def make(case, is_base=False, **kwargs):
    (head_class, settings), methods = case
    if not is_base:
        head_class = type("Own", (head_class,), dict(methods))
    head = head_class(NUM_CLASSES, **settings, **kwargs)
    head.build((None, EMBEDDING_DIM))
    head.centers.assign(make_batch()[1])
    return head


def batch():
    embeddings, _, labels = make_batch()
    return embeddings, labels


@functools.cache
def functional(name):
    return step_of_functional_model(make({**CHANGES, **KEEPS}[name]), *batch())


def paths(case):
    is_row = issubclass(case[0][0], heads.RowHead)
    return [{}] if is_row else [{}, *PARTS]


def assert_close(actual, expected):
    atol = TOLERANCE * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


def test_every_public_method_is_here():
    ours = {heads.head_class(name) for name in heads.names()}
    overridden = {
        method
        for _, methods in (*CHANGES.values(), *KEEPS.values())
        for method in methods
    }
    for head_class in (heads.MarginHead, heads.RowHead, *ours):
        is_row = issubclass(head_class, heads.RowHead)
        kind = heads.CurricularFaceHead if is_row else heads.ArcFaceHead
        missing = public_names(head_class) - overridden - set(REFUSED[kind])
        assert missing == set(), head_class


@pytest.mark.parametrize("name", NAMES)
def test_an_override_counts_the_same_on_every_path(name):
    case = {**CHANGES, **KEEPS}[name]
    expected = functional(name)
    before = step_of_functional_model(make(case, is_base=True), *batch())
    change = abs(expected.loss - before.loss)
    assert (change > 1e-2) == (name in CHANGES)
    for path in paths(case):
        step = step_of_recognizer(make(case, **path), *batch())
        assert_close(step.loss, expected.loss)
        assert_close(step.evaluated, expected.evaluated)
        for own, other in zip(step.gradients, expected.gradients, strict=True):
            assert_close(own, other)


@pytest.mark.parametrize("name", NAMES)
def test_the_diagnostics_see_an_override_as_training_does(name):
    case = {**CHANGES, **KEEPS}[name]
    embeddings, labels = batch()
    head = make(case)
    logits = ops.convert_to_numpy(head(embeddings, labels))
    rows = np.arange(len(labels))
    others = logits.copy()
    others[rows, labels] = -np.inf
    past = (logits[rows, labels] > others.max(axis=1)).mean()
    norms = ops.convert_to_tensor(
        np.linalg.norm(embeddings, axis=1, keepdims=True)
    )
    scale = ops.convert_to_numpy(head.logit_scale(norms) * ops.ones((6, 1)))
    bias = head.class_loss().bias
    bias = 0.0 if bias is None else float(ops.convert_to_numpy(bias))
    plain = ops.convert_to_numpy(head.cosines(embeddings)[0])
    effect = np.abs((logits - bias) / scale - plain).max()
    for path in paths(case):
        snapshot = take_snapshot(
            make(case, **path), embeddings, labels, batch_size=6, epoch=1
        )
        assert_close(
            snapshot.center_gradients,
            np.linalg.norm(functional(name).gradients[1], axis=0),
        )
        assert snapshot.past_margin == pytest.approx(past)
        assert snapshot.margin_effect == pytest.approx(effect, abs=1e-5)
        assert snapshot.logit_scale == pytest.approx(np.median(scale), rel=1e-5)


@pytest.mark.parametrize("path", [{}, {"class_chunk": 4}], ids=str)
@pytest.mark.parametrize(
    ("base", "name"),
    [(base, name) for base, names in REFUSED.items() for name in names],
)
def test_what_not_every_path_would_see_is_refused(base, name, path):
    own = type("Own", (base,), {name: getattr(base, name)})
    if not issubclass(base, heads.RowHead):
        own(NUM_CLASSES, **path)  # the same again is no override
    own = type("Own", (base,), {name: same(name)})
    with pytest.raises(
        ValueError, match=rf"`{name}` of .*Head must.*Own\.{name}"
    ):
        own(NUM_CLASSES, **path)


def test_a_head_that_overrides_its_cosines_is_told_what_to_override():
    class Halved(heads.ArcFaceHead):
        def cosines(self, embeddings):
            cos_theta, norms = super().cosines(embeddings)
            return 0.5 * cos_theta, norms

    with pytest.raises(
        ValueError, match=r"`cosines` .*Override `class_margin`"
    ):
        Halved(NUM_CLASSES)


def test_a_penalty_may_look_at_all_cosines_on_every_path():
    class Spread(heads.ArcFaceHead):
        def penalties(self, outputs):
            return ops.mean(ops.square(outputs.cos_theta), axis=1)

    embeddings, centers, labels = make_batch()
    x, w = embeddings.astype("float64"), centers.astype("float64")
    cosines = x @ w / np.linalg.norm(x, axis=1, keepdims=True)
    cosines /= np.linalg.norm(w, axis=0)
    for path in ({}, *PARTS):
        case = (Spread, {"scale": 16.0}), {}
        head, plain = make(case, **path), make((ARCFACE, {}), **path)
        for training in (True, False):
            outputs, without = (
                each.compute_outputs(embeddings, labels, training)
                for each in (head, plain)
            )
            penalties = ops.convert_to_numpy(outputs.losses - without.losses)
            np.testing.assert_allclose(
                penalties, (cosines**2).mean(axis=1), atol=1e-5
            )
            assert (outputs.logits is None) == bool(
                path.get("class_chunk") or (training and path)
            )
