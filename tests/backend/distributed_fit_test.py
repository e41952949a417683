"""Training on two replicas gives what one device gives.

The one device is plain Keras: only the two replicas get what this package adds.
"""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from replicas import on_tensorflow, run_replicas

PROGRAM = """
from keras import optimizers

SAFE = ks.optimizers.replica_safe
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(64, 8)).astype("float32")
Y = RANDOM.integers(0, 5, 64).astype("int32")
OPTIMIZERS = {
    "sgd": lambda **k: optimizers.SGD(0.02, momentum=0.9, **k),
    "adamw": lambda **k: optimizers.AdamW(0.01, **k),
    "lamb": lambda **k: optimizers.Lamb(0.01, **k),
}


def embedder():
    inputs = keras.Input((8,))
    x = keras.layers.Dense(6, "tanh")(inputs)
    return keras.Model(inputs, keras.layers.Dense(4)(x))


def synchronized(optimizer):
    backbone = keras.Sequential([
        keras.Input((8, 8, 3)),
        keras.layers.Conv2D(4, 3, use_bias=False),
        keras.layers.BatchNormalization(),
    ])
    embedder = ks.build_embedding_model(
        backbone,
        4,
        image_size=(8, 8),
        batch_norm=False,
        synchronized_batch_norm=True,
    )
    model = ks.FaceRecognizer(embedder, ks.SphereFaceRHead(5, scale=4.0))
    model.compile(optimizer)
    random = np.random.default_rng(1)
    return model, (random.uniform(0, 255, (64, 8, 8, 3)), Y)


def recognizer(optimizer):
    head = ks.SphereFaceRHead(5, normalization="soft", scale=4.0)
    model = ks.FaceRecognizer(embedder(), head)
    model.compile(optimizer)
    return model, (X, Y)


def given_loss(optimizer):
    model, data = recognizer("sgd")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss)
    return model, data


def functional(optimizer):
    images, labels = keras.Input((8,)), keras.Input((), dtype="int32")
    head = ks.SphereFaceRHead(5, normalization="soft", scale=4.0)
    model = keras.Model([images, labels], head(embedder()(images), labels))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(SAFE(optimizer), loss)
    return model, ((X, Y), Y)


def cosines(optimizer):
    model = keras.Sequential([embedder(), ks.layers.CosineDense(5)])
    model.compile(SAFE(optimizer), ks.losses.SphereFaceRLoss(scale=8.0))
    return model, (X, Y)


def fit(kind, optimizer, options, policy="float32", batch=32, steps=20):
    keras.config.set_dtype_policy(policy)
    keras.utils.set_random_seed(0)
    if options.pop("schedule", False):
        optimizer = lambda **k: optimizers.SGD(
            optimizers.schedules.PolynomialDecay(0.1, 20), momentum=0.9, **k
        )
    else:
        optimizer = OPTIMIZERS[optimizer]
    with strategy.scope():
        model, data = globals()[kind](optimizer(**options))
    data = tf.data.Dataset.from_tensor_slices(data).batch(batch)
    epochs = steps // -(-64 // batch)
    history = model.fit(data, epochs=epochs, shuffle=False, verbose=0).history
    return {
        "history": history,
        "weights": [np.float64(w).tolist() for w in model.get_weights()],
        "state": [
            np.float64(v.numpy()).tolist()
            for v in model.optimizer.variables
            if v.path.endswith(("momentum", "velocity", "average"))
        ],
    }


CASES = json.loads(arguments[0])
print(json.dumps({name: fit(**case) for name, case in CASES.items()}))
"""


def case(kind="recognizer", optimizer="sgd", policy="float32", **options):
    batch = options.pop("batch", 32)
    return {
        "kind": kind,
        "optimizer": optimizer,
        "policy": policy,
        "batch": batch,
        "options": options,
    }


CASES = {
    # Each kind of model, each optimizer, each option, in few pairs: every case
    # compiles two steps.
    "recognizer": case(),
    "functional": case("functional", "adamw"),
    "cosines": case("cosines", "lamb", gradient_accumulation_steps=2),
    "given loss": case("given_loss"),
    "synchronized": case("synchronized"),
    "global_clipnorm": case("functional", global_clipnorm=0.1),
    "clipnorm": case(clipnorm=0.1),
    "clipvalue": case(optimizer="lamb", clipvalue=0.01),
    "all together": case(
        optimizer="adamw",
        gradient_accumulation_steps=2,
        global_clipnorm=0.1,
        weight_decay=0.01,
    ),
    "schedule and accumulation": case(
        schedule=True, gradient_accumulation_steps=2
    ),
    "average": case(use_ema=True, ema_momentum=0.9, global_clipnorm=0.1),
    "mixed_bfloat16": case(policy="mixed_bfloat16"),
    "mixed_float16": case(policy="mixed_float16"),
    "mixed_float16 accumulation": case(
        policy="mixed_float16",
        gradient_accumulation_steps=2,
        global_clipnorm=0.1,
    ),
    # 15 + 15 + 15 + 15 + 4 images on two replicas.
    "uneven": case(batch=15),
}

# A product of 16-bit factors has 8 (bfloat16) or 11 bits; batches of 16 on
# each of two replicas round their sums otherwise than one batch of 32.
TOLERANCES = {"mixed_bfloat16": 2e-2, "mixed_float16": 2e-3}


QUICK = ["all together", "uneven"]
# Parts of others.
RELEASE = ["recognizer", "given loss", "global_clipnorm", "mixed_float16"]
OTHERS = [name for name in CASES if name not in (*QUICK, *RELEASE)]


# All cases of one test share two processes.
@on_tensorflow
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(QUICK, id="quick"),
        pytest.param(OTHERS, id="others", marks=pytest.mark.slow),
        pytest.param(
            RELEASE,
            id="release",
            marks=[pytest.mark.slow, pytest.mark.release],
        ),
    ],
)
def test_two_replicas_equal_one_device(names):
    cases = json.dumps({name: CASES[name] for name in names})
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(run_replicas, count, PROGRAM, cases) for count in (1, 2)
        ]
        one, two = (run.result() for run in runs)
    for name in names:
        assert_alike(one[name], two[name], name)


def assert_alike(one, two, name):
    losses = one["history"]["loss"]
    assert losses[-1] < losses[0], name
    tolerance = TOLERANCES.get(CASES[name]["policy"])
    for expected, actual in zip(
        one["weights"] + one["state"],
        two["weights"] + two["state"],
        strict=True,
    ):
        largest = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(
            actual,
            expected,
            atol=(tolerance or 1e-5) * largest,
            err_msg=name,
        )
    # The epoch means of a filled-up batch count its copies.
    metrics = [] if name == "uneven" else one["history"]
    for metric in metrics:
        np.testing.assert_allclose(
            two["history"][metric],
            one["history"][metric],
            rtol=tolerance or (1e-6 if metric == "loss" else 1e-5),
            # One of 64 samples may lie on the border of two classes.
            atol=1 / 64 if tolerance else 1e-6,
            err_msg=f"{name} {metric}",
        )


REFUSED = """
with strategy.scope():
    inputs = keras.Input((8,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    model = ks.FaceRecognizer(embedder, ks.SphereFaceRHead(5))
messages = []
for arguments in ({"jit_compile": True}, {"steps_per_execution": 4}):
    try:
        model.compile("sgd", **arguments)
    except ValueError as error:
        messages.append(str(error))
print(json.dumps(messages))
"""


@on_tensorflow
def test_what_keras_cannot_do_on_replicas_is_refused_with_the_way_out():
    jit, steps = run_replicas(2, REFUSED)
    assert "`jit_compile`" in jit
    assert "DataParallel" in jit
    assert "`steps_per_execution`" in steps
    assert "larger batch" in steps
    assert "steps_per_execution=4" in steps
