import io

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.contract import FaceInput
from keras_sphereface.evaluation import extract_embeddings


def make_images(num_images=23, size=6):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (num_images, size, size, 3), dtype=np.uint8)


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def embed(images):
    """A picture's columns, weighted by their position, so flips differ."""
    pixels = images.astype("float32") - 100
    return (pixels * np.arange(1, 7)[None, None, :, None]).sum((1, 2)) + 1


def unit(rows):
    rows = rows.astype("float64")
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("batch_size", [1, 4, 23, 64])
@pytest.mark.parametrize("as_files", [False, True])
def test_every_image_has_its_row(tmp_path, batch_size, as_files):
    images = make_images()
    source = images
    if as_files:
        source = []
        for index, image in enumerate(images):
            source.append(tmp_path / f"{index}.png")
            Image.fromarray(image).save(source[-1])
    rows = extract_embeddings(
        embed, source, tmp_path / "rows.npy", batch_size=batch_size
    )
    assert isinstance(rows, np.memmap)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, unit(embed(images)), atol=1e-6)
    left = {item.name for item in tmp_path.iterdir() if item.suffix != ".png"}
    assert left == {"rows.npy"}


def test_mirror_images_are_added_before_or_after_the_norm(tmp_path):
    images = make_images()
    plain, mirrored = embed(images), embed(images[:, :, ::-1])
    fused = extract_embeddings(embed, images, tmp_path / "a.npy", flip=True)
    np.testing.assert_allclose(
        fused, unit(unit(plain) + unit(mirrored)), atol=1e-6
    )
    raw = extract_embeddings(
        embed, images, tmp_path / "b.npy", flip=True, normalize=False
    )
    np.testing.assert_allclose(raw, plain + mirrored, rtol=1e-5)


def failing_after(times):
    """Embeds so many batches, then stops like a full disk or Ctrl-C."""
    calls = []

    def embed_some(images):
        calls.append(len(images))
        if len(calls) > times:
            raise KeyboardInterrupt
        return embed(images)

    return embed_some


def test_an_interrupted_run_resumes_where_it_stopped(tmp_path):
    images = make_images()
    path = tmp_path / "rows.npy"
    with pytest.raises(KeyboardInterrupt):
        # The first call is the trial of the first image.
        extract_embeddings(failing_after(4), images, path, batch_size=5)
    assert not path.exists()
    sizes = []

    def counting(batch):
        sizes.append(len(batch))
        return embed(batch)

    rows = extract_embeddings(counting, images, path, batch_size=5)
    assert sizes == [1, 5, 3]  # 15 rows were there
    np.testing.assert_allclose(rows, unit(embed(images)), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embed": lambda x: embed(x)[:, ::-1]}, "another model"),
        ({"images": make_images()[::-1].copy()}, "other images"),
        ({"flip": True}, "another extraction"),
        ({"normalize": False}, "another extraction"),
    ],
)
def test_a_beginning_of_something_else_is_not_continued(
    tmp_path, change, message
):
    arguments = {"embed": embed, "images": make_images(), "batch_size": 5}
    arguments["path"] = tmp_path / "rows.npy"
    with pytest.raises(KeyboardInterrupt):
        extract_embeddings(**{**arguments, "embed": failing_after(3)})
    with pytest.raises(ValueError, match=message):
        extract_embeddings(**{**arguments, **change})


def test_a_broken_beginning_is_made_anew(tmp_path):
    path = tmp_path / "rows.npy"
    with pytest.raises(KeyboardInterrupt):
        extract_embeddings(failing_after(3), make_images(), path, batch_size=5)
    (tmp_path / "rows.npy.progress.json").write_text("{")
    with pytest.warns(UserWarning, match=r"rows\.npy\.progress\.json is dam"):
        rows = extract_embeddings(embed, make_images(), path)
    np.testing.assert_allclose(rows, unit(embed(make_images())), atol=1e-6)


def test_images_of_a_data_set_and_of_a_list_are_told_apart(tmp_path):
    images = [png(image) for image in make_images()]

    class Faces(list):
        read_bytes = list.__getitem__

    for form in (Faces, list):
        path = tmp_path / f"{form.__name__}.npy"
        with pytest.raises(KeyboardInterrupt):
            extract_embeddings(
                failing_after(4), form(images), path, batch_size=5
            )
        other = form([images[1], images[0], *images[2:]])
        with pytest.raises(ValueError, match="other images"):
            extract_embeddings(embed, other, path, batch_size=5)
        rows = extract_embeddings(embed, form(images), path, batch_size=5)
        np.testing.assert_allclose(rows, unit(embed(make_images())), atol=1e-6)


@pytest.mark.parametrize(
    ("row", "message"), [(np.nan, "NaN or infinity"), (0, "all zeros")]
)
def test_a_useless_embedding_names_its_image(tmp_path, row, message):
    def broken(images):
        rows = embed(images)
        rows[images[:, 0, 0, 0] == make_images()[13, 0, 0, 0]] = row
        return rows

    for normalize in (True, False):
        with pytest.raises(ValueError, match=f"image 13 .*{message}"):
            extract_embeddings(
                broken,
                make_images(),
                tmp_path / f"{normalize}.npy",
                normalize=normalize,
            )


def test_bad_arguments_are_named(tmp_path):
    images, path = make_images(), tmp_path / "rows.npy"
    with pytest.raises(ValueError, match=r"end in \.npy.*rows\.bin"):
        extract_embeddings(embed, images, tmp_path / "rows.bin")
    with pytest.raises(ValueError, match="no images"):
        extract_embeddings(embed, [], path)
    with pytest.raises(ValueError, match=r"112x112.*6x6"):
        extract_embeddings(embed, images, path, face_input=FaceInput())
    with pytest.raises(ValueError, match="one embedding per image"):
        extract_embeddings(lambda x: embed(x)[:1], images, path)


def test_a_bar_shows_how_far_it_is(tmp_path, capsys):
    extract_embeddings(
        embed, make_images(), tmp_path / "rows.npy", progress=True
    )
    assert "23/23" in capsys.readouterr().err
