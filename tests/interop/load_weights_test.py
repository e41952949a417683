"""Public networks in PyTorch give the same embeddings here."""

import keras
import pytest

torch = pytest.importorskip("torch")

import torch_networks as public  # noqa: E402
from torch_edgeface import EdgeFace  # noqa: E402
from torch_networks import (  # noqa: E402
    images,
    relative_difference,
    torch_embeddings,
)

import keras_sphereface as ks  # noqa: E402

UNITS = (2, 1, 2, 1)


# Name, network, size of its images, color order, pixel scale, prefix.
CASES = [
    (
        "opensphere_sfnet",
        lambda: public.SFNet((1, 0, 1, 0), 4, 16),
        (32, 32, "RGB", 127.5, ""),
    ),
    (
        "insightface_iresnet",
        lambda: public.IResNet(UNITS, 4, 16, width=8),
        (32, 32, "RGB", 127.5, "module."),
    ),
    (
        "adaface",
        lambda: public.IR(UNITS, 4, 16, width=8),
        (32, 32, "BGR", 127.5, "model."),
    ),
    (
        "insightface_mobilefacenet",
        lambda: public.InsightFaceMobileFaceNet(16, kernel=2),
        (32, 32, "RGB", 127.5, ""),
    ),
    (
        "insightface_mobilefacenet_flat",
        lambda: public.InsightFaceFlatMobileFaceNet(16, places=4),
        (32, 32, "RGB", 127.5, ""),
    ),
    (
        "xiaoccer_mobilefacenet",
        lambda: public.XiaoccerMobileFaceNet(kernel=(3, 2)),
        (48, 32, "RGB", 128.0, ""),
    ),
    (
        "treb1en_mobilefacenet",
        lambda: public.TreB1eNMobileFaceNet(16, kernel=2),
        (32, 32, "BGR", 127.5, ""),
    ),
    (
        "edgeface",
        lambda: EdgeFace((8, 12, 16, 24), (1, 2, 3, 2), 2, 32, 0.6),
        (112, 112, "RGB", 127.5, "model."),
    ),
]


if keras.backend.backend() == "jax":
    # It compiles each network for a while; half of them have every kind of
    # layer.
    CASES = CASES[1::2]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_every_family_gives_the_embeddings_of_pytorch(case, tmp_path):
    name, make, (height, width, color_order, pixel_scale, prefix) = case
    network = public.randomized(make())
    path = tmp_path / "network.pth"
    torch.save(
        {prefix + key: value for key, value in network.state_dict().items()},
        path,
    )
    embedder, report = ks.interop.import_embedder(path)
    pixels = images(height, width)
    expected = torch_embeddings(network, pixels, color_order, pixel_scale)
    embeddings = embedder.predict(pixels, verbose=0)
    assert report.family == name
    assert report.prefix == prefix
    assert not report.mismatches
    assert embedder.input_shape == (None, height, width, 3)
    assert relative_difference(embeddings, expected) < 1e-4


def test_an_edgeface_of_full_rank_takes_images_of_any_size(tmp_path):
    network = EdgeFace((8, 12, 16, 24), (1, 2, 2, 2), 4, 16, None)
    network = public.randomized(network)
    path = tmp_path / "network.pth"
    torch.save(network.state_dict(), path)
    embedder, _ = ks.interop.import_embedder(path, image_size=(48, 80))
    pixels = images(48, 80)
    expected = torch_embeddings(network, pixels)
    embeddings = embedder.predict(pixels, verbose=0)
    assert relative_difference(embeddings, expected) < 1e-4


@pytest.mark.parametrize("before", [False, True])
def test_an_sfnet_without_batch_norm_is_of_the_kind_that_is_named(
    before, tmp_path
):
    network = public.SFNet((1, 0, 0, 0), 4, 16, batch_norm=False, before=before)
    network = public.randomized(network)
    path = tmp_path / "backbone.pth"
    torch.save({"backbone": network.state_dict()}, path)
    with pytest.raises(ValueError, match="`family` must be given"):
        ks.interop.import_embedder(path)
    family = "opensphere_sfnet" + "_deprecated" * before
    embedder, _ = ks.interop.import_embedder(path, family=family)
    expected = torch_embeddings(network, images())
    embeddings = embedder.predict(images(), verbose=0)
    assert relative_difference(embeddings, expected) < 1e-4


def test_an_embedder_of_ones_own_is_filled(tmp_path):
    network = public.randomized(public.TreB1eNMobileFaceNet(16, kernel=2))
    path = tmp_path / "network.pth"
    torch.save(network.state_dict(), path)
    embedder = ks.build_embedding_model(
        "mobilefacenet", embedding_dim=16, image_size=(32, 32)
    )
    report = ks.interop.load_weights(embedder, path, color_order="RGB")
    assert report.matched == len(embedder.weights)
    expected = torch_embeddings(network, images())
    embeddings = embedder.predict(images(), verbose=0)
    assert relative_difference(embeddings, expected) < 1e-4


@pytest.mark.slow
@pytest.mark.release
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sfnet20", lambda: public.SFNet((1, 2, 4, 1), 49, 512)),
        ("iresnet50", lambda: public.IResNet((3, 4, 14, 3), 49, 512)),
        ("iresnet100", lambda: public.IR((3, 13, 30, 3), 49, 512)),
        (
            "mobilefacenet_insightface_large",
            lambda: public.InsightFaceMobileFaceNet(512, (2, 8, 12, 4), 4),
        ),
        (
            "edgeface_xs",
            lambda: EdgeFace((32, 64, 100, 192), (3, 3, 9, 3), 4, 512, 0.6),
        ),
        (
            "edgeface_s",
            lambda: EdgeFace((48, 96, 160, 304), (3, 3, 9, 3), 8, 512, 0.5),
        ),
    ],
)
def test_networks_of_the_published_size_agree(name, make, tmp_path):
    network = public.randomized(make())
    path = tmp_path / "network.pth"
    torch.save(network.state_dict(), path)
    embedder, _ = ks.interop.import_embedder(path)
    assert embedder.get_layer(name)
    pixels = images(112, 112, count=2)
    color_order = "BGR" if isinstance(network, public.IR) else "RGB"
    expected = torch_embeddings(network, pixels, color_order)
    embeddings = embedder.predict(pixels, verbose=0)
    assert relative_difference(embeddings, expected) < 1e-4


@pytest.mark.parametrize("is_zip", [True, False])
def test_files_that_pytorch_writes_are_read(is_zip, tmp_path):
    network = public.IResNet((1, 1, 1, 1), 4, 8, width=8)
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    network(torch.zeros(2, 3, 32, 32)).sum().backward()
    optimizer.step()
    more = {
        "half": torch.randn(3, 4).half().t(),
        "brain": torch.randn(3, 4).bfloat16(),
        "empty": torch.zeros(0, 3),
        "view": torch.randn(10, 10)[2:5, ::2],
        "parameter": torch.nn.Parameter(torch.randn(2)),
    }
    path = tmp_path / "last.ckpt"
    torch.save(
        {
            "state_dict": network.state_dict(),
            "more": more,
            "optimizer": optimizer.state_dict(),
            "device": torch.device("cpu"),
        },
        path,
        _use_new_zipfile_serialization=is_zip,
    )
    state = ks.interop.read_state(path)
    assert set(state) == set(network.state_dict())
    for name, tensor in network.state_dict().items():
        assert (state[name] == tensor.numpy()).all()
    torch.save(more, path, _use_new_zipfile_serialization=is_zip)
    state = ks.interop.read_state(path)
    for name, tensor in more.items():
        assert (state[name] == tensor.detach().float().numpy()).all()


def test_a_pickled_module_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(ks.interop.WeightsFileError, match="state_dict"):
        ks.interop.read_state(path)
