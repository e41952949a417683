import copy
import json
import sys

import ml_collections
import pytest
from absl import flags
from ml_collections import config_flags

from keras_sphereface import backbones, heads
from keras_sphereface.models import build_embedding_model
from keras_sphereface.training import (
    DataConfig,
    EmbedderConfig,
    HeadConfig,
    OptimizerConfig,
    TrainConfig,
    editable,
    from_config_dict,
)

FILE = """
from keras_sphereface.training import HeadConfig, TrainConfig, editable

def get_config():
    return editable(TrainConfig(head=HeadConfig("spherefacer"), epochs=30))
"""


def parse(tmp_path, *arguments, file=FILE, **options):
    """The config of a command line."""
    path = tmp_path / "config.py"
    path.write_text(file)
    values = flags.FlagValues()
    arguments = ["program", f"--config={path}", *arguments]
    holder = config_flags.DEFINE_config_file(
        "config", flag_values=values, sys_argv=arguments, **options
    )
    values(arguments)
    return from_config_dict(holder.value)


def test_a_config_file_is_a_config(tmp_path):
    config = parse(tmp_path)
    assert config.epochs == 30
    # The head's defaults are written out.
    assert config.head.arguments["margin"] == 1.4
    assert config == from_config_dict(config.to_dict())


def test_the_command_line_changes_any_setting(tmp_path):
    config = parse(
        tmp_path,
        "--config.head.margin=1.5",
        "--config.head.detach=false",
        "--config.data.folder=casia",
        "--config.optimizer.global_clipnorm=5",
        "--config.optimizer.schedule=multi_step",
        "--config.optimizer.milestones=(16, 24.5)",
        "--config.data.image_size=(112, 96)",
        "--config.strategy=mirrored",
    )
    assert config.head.arguments["margin"] == 1.5
    assert config.head.arguments["detach"] is False
    assert config.data.folder == "casia"
    assert config.optimizer.global_clipnorm == 5.0
    assert config.optimizer.milestones == (16, 24.5)
    assert config.data.image_size == (112, 96)
    assert config.strategy == "mirrored"


@pytest.mark.parametrize(
    "flag",
    [
        "--config.epoch=3",
        "--config.head.marginn=1.5",
        "--config.optimizr.momentum=0.5",
        "--config.epochs=many",
    ],
)
def test_an_unknown_or_wrong_flag_is_an_error(tmp_path, flag):
    with pytest.raises((AttributeError, KeyError, flags.Error, ValueError)):
        parse(tmp_path, flag)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epoch": 3}, r"`config` has no setting 'epoch'.*'epochs'"),
        ({"data": {"fold": "a"}}, r"`config\.data` has no setting 'fold'"),
        (
            {"head": {"name": "spherefacer", "easy_margin": True}},
            r"`config\.head`: head 'spherefacer' has no argument 'easy_margin'",
        ),
        ({"head": {"name": "softmax"}}, "'softmax'"),
        ({"epochs": "3"}, r"`config\.epochs` must be of type int.*'3'"),
        ({"epochs": True}, r"`config\.epochs`.*True"),
        ({"data": 3}, r"`config\.data` must be a dict"),
        ({"data": {"folder": 3}}, r"`config\.data\.folder`.*str"),
        ({"head": {"arguments": {}}}, "has no argument 'arguments'"),
        (
            {"optimizer": {"learning_rate": -1.0}},
            r"`config\.optimizer`: `learning_rate` must be above 0.*-1\.0",
        ),
        (
            {"head": {"name": "arcface", "margin": 4.0}},
            r"`config\.head`: `margin` .*\[0, 3\.14.*margin=4\.0",
        ),
    ],
)
def test_what_the_code_does_not_read_is_an_error(content, message):
    with pytest.raises(ValueError, match=message):
        from_config_dict(content)


def test_a_whole_number_is_a_float_where_one_is_due():
    config = from_config_dict({"optimizer": {"learning_rate": 1}})
    assert config.optimizer.learning_rate == 1.0
    assert isinstance(config.optimizer.learning_rate, float)


def test_what_is_editable_is_the_config():
    config = TrainConfig(
        data=DataConfig(folder="a"),
        head=HeadConfig("spherefacer", {"margin": 1.1}),
    )
    content = editable(config)
    assert isinstance(content, ml_collections.ConfigDict)
    again = from_config_dict(content)
    assert again.data == config.data
    assert again.head.arguments["margin"] == 1.1
    assert editable(again) == content


# What a user has in a module, and a config file that imports it.
MODULE = """
import keras
import keras_sphereface as ks

@keras.saving.register_keras_serializable("users_own")
class LinearHead(ks.heads.MarginHead):
    slope = ks.heads.Hyperparameter(at_least=0.0)
    scale = ks.heads.Hyperparameter(above=0.0)

    def __init__(self, num_classes, slope=0.5, scale=30.0, kind="a", **kwargs):
        super().__init__(num_classes, **kwargs)
        self.slope, self.scale, self.kind = slope, scale, kind

    def class_margin(self, norms, training):
        return ks.ops.Margin(lambda cos: cos - self.slope * (1 - cos))

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}


def plain(input_shape, *, filters=4):
    images = keras.Input(input_shape)
    x = keras.layers.Conv2D(filters, 3, strides=16)(images)
    return keras.Model(images, x, name="plain")
"""
REGISTER = """
ks.heads.register("users_linear", LinearHead)
ks.backbones.register("users_plain", plain, neck="gdconv")
"""
USERS_FILE = """
import users_module
from keras_sphereface.training import *

def get_config():
    return editable(TrainConfig(
        head=HeadConfig("users_linear", {"slope": 0.25}),
        embedder=EmbedderConfig("users_plain", 8),
        data=DataConfig(image_size=(32, 32)),
    ))
"""
# As examples/train_casia.py defines its flag.
OPEN = {"lock_config": False, "accept_new_attributes": True}


@pytest.fixture
def users_module(tmp_path, monkeypatch):
    """A module that registers a head and a backbone, gone after the test."""
    for registry in (heads.registry._HEADS, backbones.registry._BACKBONES):
        monkeypatch.setattr(registry, "_things", dict(registry._things))
    monkeypatch.setattr(
        backbones.registry, "_FACTS", dict(backbones.registry._FACTS)
    )
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "users_module.py").write_text(MODULE + REGISTER)
    yield
    sys.modules.pop("users_module", None)


@pytest.mark.usefixtures("users_module")
def test_a_config_file_may_import_a_module_of_the_user(tmp_path):
    config = parse(tmp_path, "--config.head.scale=20", file=USERS_FILE)
    assert config.head.name == "users_linear"
    assert config.head.arguments["slope"] == 0.25
    assert config.head.arguments["scale"] == 20.0
    embedder = build_embedding_model(
        config.embedder.backbone,
        config.embedder.embedding_dim,
        image_size=config.data.image_size,
        **config.embedder.arguments,
    )
    assert embedder.get_layer("neck_depthwise")


@pytest.mark.usefixtures("users_module")
@pytest.mark.parametrize("last", [True, False])
def test_the_command_line_takes_a_module_of_the_user(tmp_path, last):
    flags = [
        "--config.head.slope=0.75",
        "--config.head.kind=b",
        "--config.head.class_chunk=64",
        "--config.embedder.backbone=users_module:plain",
        "--config.embedder.arguments.filters=2",
        "--config.embedder.arguments.neck=flatten",
    ]
    place = len(flags) if last else 0
    flags.insert(place, "--config.head.name=users_module:LinearHead")
    config = parse(tmp_path, *flags, **OPEN)
    assert config.head.name == "users_module:LinearHead"
    assert config.head.arguments == {
        **heads.defaults("users_module:LinearHead"),
        "slope": 0.75,
        "kind": "b",
        "class_chunk": 64,
    }
    assert config.embedder.arguments == {"filters": 2, "neck": "flatten"}
    head = heads.get(config.head.name, 3, **config.head.arguments)
    assert (head.slope, head.scale, head.kind) == (0.75, 30.0, "b")
    assert from_config_dict(config.to_dict()) == config


@pytest.mark.parametrize("options", [{}, OPEN])
def test_another_head_brings_its_own_defaults(tmp_path, options):
    file = FILE.replace(
        'HeadConfig("spherefacer")',
        'HeadConfig("spherefacer", {"margin": 1.7})',
    )
    arguments = ("--config.head.name=arcface", "--config.head.scale=32")
    config = parse(tmp_path, *arguments, file=file, **options)
    assert config.head == HeadConfig(
        "arcface", {**heads.defaults("arcface"), "scale": 32.0}
    )
    again = parse(tmp_path, "--config.head.name=spherefacer", file=file)
    assert again.head.arguments["margin"] == 1.7


@pytest.mark.parametrize("options", [{}, OPEN])
@pytest.mark.parametrize("name_first", [True, False])
def test_another_optimizer_brings_its_own_defaults(
    tmp_path, options, name_first
):
    file = FILE.replace(
        "epochs=30",
        "optimizer=OptimizerConfig(learning_rate=0.3, weight_decay=1e-4, "
        "schedule='polynomial')",
    ).replace("HeadConfig,", "HeadConfig, OptimizerConfig,")
    arguments = ["--config.optimizer.warmup_epochs=2"]
    place = 0 if name_first else 1
    arguments.insert(place, "--config.optimizer.name=AdamW")
    config = parse(tmp_path, *arguments, file=file, **options).optimizer
    # What means the same for every optimizer is that of the file.
    assert config == OptimizerConfig(
        "adamw", schedule="polynomial", warmup_epochs=2.0
    )
    assert config.learning_rate == 0.001
    assert config.weight_decay == 0.004
    kept = parse(tmp_path, "--config.optimizer.name=SGD", file=file)
    assert kept.optimizer.learning_rate == 0.3


@pytest.mark.parametrize("name_first", [True, False])
@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        (
            "head.name=arcface",
            "head.variant=v1",
            r"head 'arcface' has no argument 'variant'; it has \[.*'margin'.*"
            r"variant='v1'",
        ),
        (
            "optimizer.name=lion",
            "optimizer.momentum=0.8",
            r"optimizer 'lion' has no argument 'momentum'; it has "
            r"\['beta_1', 'beta_2'\].*momentum=0\.8",
        ),
        (
            "optimizer.name=lamb",
            "optimizer.nesterov=true",
            r"optimizer 'lamb' has no argument 'nesterov'",
        ),
    ],
)
def test_what_was_typed_for_another_thing_is_an_error_that_says_so(
    tmp_path, name, typed, message, name_first
):
    arguments = [f"--config.{each}" for each in (name, typed)]
    if not name_first:
        arguments.reverse()
    with pytest.raises(ValueError, match=message):
        parse(tmp_path, *arguments, **OPEN)


def test_the_command_line_takes_arguments_of_another_optimizer(tmp_path):
    flags = (
        "--config.optimizer.exclude_layers=['neck']",
        "--config.optimizer.rms_rate=None",
        "--config.optimizer.name=muon",
        "--config.optimizer.momentum=0.5",
    )
    config = parse(tmp_path, *flags, **OPEN).optimizer
    assert config.name == "muon"
    assert config.arguments["exclude_layers"] == ["neck"]
    assert config.arguments["rms_rate"] is None
    assert config.arguments["momentum"] == 0.5
    assert config.arguments["ns_steps"] == 5


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--config.data.pairs=lfw.bin"], "lfw.bin"),
        (
            ["--config.data.pairs=('lfw.bin', 'cfp_fp.bin')"],
            ("lfw.bin", "cfp_fp.bin"),
        ),
        (
            ["--config.data.pairs={'LFW': 'lfw.bin', 'CFP': 'cfp_fp.bin'}"],
            {"LFW": "lfw.bin", "CFP": "cfp_fp.bin"},
        ),
    ],
)
def test_pairs_are_one_file_or_several(tmp_path, flags, expected):
    config = parse(tmp_path, "--config.data.folder=casia", *flags)
    assert config.data.pairs == expected
    assert from_config_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_named_pairs_of_a_file_are_changed_one_by_one(tmp_path):
    pairs = {"LFW": "lfw.bin", "CFP": "cfp_fp.bin"}
    file = FILE.replace("epochs=30", f"data=DataConfig('a', pairs={pairs})")
    file = file.replace("HeadConfig,", "DataConfig, HeadConfig,")
    config = parse(tmp_path, "--config.data.pairs.CFP=other.bin", file=file)
    assert config.data.pairs == {"LFW": "lfw.bin", "CFP": "other.bin"}


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--config.head.name=arcfase", r"'arcface'.*name='arcfase'"),
        ("--config.optimizer.name=adamv", r"'adamw'.*name='adamv'"),
        ("--config.optimizer.name=math:sqrt", r"subclass of keras.*math:sqrt"),
        ("--config.head.name=no_module:Head", r"'module:name'.*no_module"),
        ("--config.embedder.backbone=sfnet21", r"'sfnet20'.*name='sfnet21'"),
        ("--config.embedder.backbone=math:sfnet", r"'module:name'.*math:sfnet"),
        ("--config.head.marginn=2", r"no argument 'marginn'.*'margin'"),
        ("--config.epoch=3", r"no setting 'epoch'.*'epochs'"),
    ],
)
def test_a_wrong_name_lists_the_right_ones(tmp_path, flag, message):
    with pytest.raises((ValueError, flags.Error), match=message):
        parse(tmp_path, flag, **OPEN)


@pytest.mark.parametrize(
    ("make", "wrong"), [(EmbedderConfig, "sfnet21"), (HeadConfig, "arcfase")]
)
def test_a_wrong_name_is_refused_where_it_is_written(make, wrong):
    with pytest.raises(ValueError, match=rf"`name` must be one of.*'{wrong}'"):
        make(wrong)


def test_a_copy_of_what_is_editable_is_its_own():
    content = editable(TrainConfig())
    other = copy.deepcopy(content)
    other.head.name = "arcface"
    assert content.head.name == "spherefacer"
    assert from_config_dict(other).head.name == "arcface"
