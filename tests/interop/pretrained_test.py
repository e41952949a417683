"""By name from a mirror on loopback, in place of the public address."""

import hashlib
import io

import numpy as np
import pytest
from file_server import serving
from public_states import mobilefacenet_state

import keras_sphereface as ks


@pytest.fixture
def embedder():
    return ks.build_embedding_model(
        "mobilefacenet", embedding_dim=8, image_size=(32, 16)
    )


@pytest.fixture
def name(embedder, monkeypatch, tmp_path):
    stream = io.BytesIO()
    np.savez(stream, **mobilefacenet_state(embedder))
    content = stream.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    name = f"net_{digest[:12]}"
    path = f"/example.org/{digest}/net.npz"
    ks.downloads.register(
        name,
        ks.downloads.PublicFile(
            "network",
            url=f"https:/{path}",
            size=len(content),
            sha256=digest,
            license="for tests only",
            source="https://example.org",
            family="xiaoccer_mobilefacenet",
            color_order="BGR",
        ),
    )
    monkeypatch.setenv("KSF_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving({path: content}) as server:
        monkeypatch.setenv("KSF_MIRROR", server.url)
        yield name


def test_the_network_embeds_as_the_one_that_was_published(name, embedder):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 16, 3), "uint8")
    found = ks.pretrained(name)
    # Published for blue first: what the registry says is heeded.
    ks.interop.load_weights(
        embedder, ks.pretrained_file(name), color_order="BGR"
    )
    np.testing.assert_allclose(
        found.predict(pixels, verbose=0),
        embedder.predict(pixels, verbose=0),
        rtol=1e-5,
        atol=1e-6,
    )


def test_a_detector_is_no_network():
    with pytest.raises(ValueError, match="`pretrained_file` gives the path"):
        ks.pretrained("blazeface_short_range")
