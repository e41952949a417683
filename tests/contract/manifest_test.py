import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_sphereface.contract import (
    QUANTIZATIONS,
    Calibration,
    FaceInput,
    Manifest,
    ManifestError,
    OperatingPoint,
    ScoreHistogram,
)

# Fixed examples; no deadline, as a busy machine would miss it.
checked = settings(
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


def intervals(low, high):
    """`(low, high)`, or `None` for not known."""
    ends = st.floats(low, high)
    return st.none() | st.tuples(ends, ends).map(sorted).map(tuple)


operating_points = st.builds(
    OperatingPoint,
    far=st.floats(1e-6, 1),
    threshold=st.floats(-1, 1),
    tar=st.none() | st.floats(0, 1),
    impostor_pairs=st.none() | st.integers(10**6, 10**9),
    genuine_pairs=st.none() | st.integers(1, 10**9),
    data=st.none() | st.text(),
    far_interval=intervals(0, 1),
    tar_interval=intervals(0, 1),
    threshold_interval=intervals(-1, 1),
)
manifests = st.builds(
    Manifest,
    st.builds(FaceInput, height=st.integers(1, 512), width=st.integers(1, 512)),
    st.integers(1, 4096),
    st.lists(
        operating_points, max_size=4, unique_by=lambda point: point.far
    ).map(tuple),
    unit_embeddings=st.booleans(),
    quantization=st.sampled_from(QUANTIZATIONS),
    training=st.dictionaries(st.text(), json_values, max_size=4),
    package_version=st.text(min_size=1),
)


def make_manifest(**change):
    return Manifest(
        **{
            "input": FaceInput(),
            "embedding_dim": 256,
            "operating_points": (
                OperatingPoint(0.1, 0.2, tar=0.9),
                OperatingPoint(0.001, 0.6, impostor_pairs=3000, data="LFW"),
                OperatingPoint(0.01, 0.4),
            ),
            "package_version": "0.1.0",
            "training": {"head": {"margin": 1.4, "steps": (1, 2)}},
            **change,
        }
    )


def change_json(**change):
    content = json.loads(make_manifest().to_json())
    for key, value in change.items():
        *parents, last = key.split("__")
        target = content
        for parent in parents:
            target = target[int(parent) if parent.isdigit() else parent]
        target[last] = value
    return json.dumps(content)


@checked
@given(manifests)
def test_every_manifest_survives_a_round_trip_through_json(manifest):
    text = manifest.to_json()
    assert Manifest.from_json(text) == manifest
    assert Manifest.from_json(text.encode()).to_json() == text


def test_training_is_a_copy_in_json_types():
    training = {"steps": (1, 2)}
    manifest = make_manifest(training=training)
    training["steps"] = "changed later"
    assert manifest.training == {"steps": [1, 2]}


def test_a_rate_that_is_chosen_is_the_one():
    manifest = make_manifest()
    assert manifest.operating_point(far=0.001).threshold == 0.6
    assert manifest.operating_point(far=0.1).threshold == 0.2
    assert manifest.operating_point(far=0.1 * 0.1).threshold == 0.4


def test_an_unmeasured_rate_names_the_measured_ones():
    with pytest.raises(ValueError, match=r"0\.001, 0\.01, 0\.1.*far=0\.05"):
        make_manifest().operating_point(far=0.05)
    with pytest.raises(ValueError, match="no operating points"):
        make_manifest(operating_points=()).operating_point()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": {"height": 112}}, "`input` must be a FaceInput"),
        ({"embedding_dim": 0}, "`embedding_dim`.*0"),
        ({"embedding_dim": 256.0}, "`embedding_dim`.*256.0"),
        ({"operating_points": (0.5,)}, "`operating_points`"),
        ({"operating_points": None}, "`operating_points`"),
        (
            {
                "operating_points": (
                    OperatingPoint(0.1, 0),
                    OperatingPoint(0.1, 1),
                )
            },
            "not two",
        ),
        ({"similarity": "l2"}, "`similarity`.*l2"),
        ({"unit_embeddings": 1}, "`unit_embeddings`.*1"),
        ({"quantization": "int4"}, "`quantization`.*int16x8.*int4"),
        ({"training": {"loss": float("nan")}}, "`training`.*nan"),
        ({"training": {"model": object()}}, "`training`.*object"),
        ({"training": []}, "`training` must be a dict"),
        ({"package_version": ""}, "`package_version`"),
        ({"package_version": 1}, "`package_version`.*1"),
        ({"format_version": 2}, "`format_version` must be 1.*2"),
        ({"format_version": True}, "`format_version` must be 1.*True"),
    ],
)
def test_the_constructor_names_the_wrong_value(change, message):
    with pytest.raises(ManifestError, match=message):
        make_manifest(**change)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (change_json(extra=1), r"unknown \['extra'\]"),
        (change_json(input__mean=1), r"unknown \['mean'\]"),
        (
            change_json(operating_points__1__frr=0.1),
            r"operating_points\[1\].*unknown \['frr'\]",
        ),
        (change_json(input="112x112"), "must be a dict"),
        (change_json(input__height="112"), "`height`.*'112'"),
        (change_json(operating_points={}), "`operating_points` must be a list"),
        (change_json(operating_points=[3]), r"operating_points\[0\].*3"),
        (change_json(operating_points__0__far=2), "`far`.*2"),
        (change_json(embedding_dim="256"), "`embedding_dim`.*'256'"),
        (change_json(format_version=2, extra=1), "`format_version` must be 1"),
        (change_json(format_version="1"), "`format_version`.*'1'"),
        ("[]", "must be a JSON object"),
        ("", "not valid JSON"),
        (make_manifest().to_json()[:-20], "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": 1, "a": 2}', "a key appears twice"),
        ("[" * 200_000, "not valid JSON"),
        (None, "type NoneType"),
    ],
)
def test_a_damaged_manifest_says_what_is_wrong(text, message):
    with pytest.raises(ManifestError, match=message):
        Manifest.from_json(text)


# What manifests of before do not have.
ADDED = {"calibration", "histogram", "model_checksum", "quality"}


@pytest.mark.parametrize(
    "key", sorted(set(json.loads(make_manifest().to_json())) - ADDED)
)
def test_a_missing_key_is_named(key):
    content = json.loads(make_manifest().to_json())
    del content[key]
    with pytest.raises(ManifestError, match=rf"missing \['{key}'\]"):
        Manifest.from_json(json.dumps(content))


def test_points_without_intervals_are_read_as_not_known():
    manifest = make_manifest()
    content = json.loads(manifest.to_json())
    for point in content["operating_points"]:
        for name in ("far_interval", "tar_interval", "threshold_interval"):
            assert point.pop(name) is None
    assert Manifest.from_json(json.dumps(content)) == manifest
    del content["operating_points"][0]["flip"]
    with pytest.raises(ManifestError, match=r"missing \['flip'\]"):
        Manifest.from_json(json.dumps(content))


def test_what_was_added_is_read_and_may_be_missing():
    added = {
        "calibration": Calibration(17.5, -3.5, 0.5),
        "histogram": ScoreHistogram((0, 3), (4, 1)),
        "model_checksum": "ab" * 32,
    }
    manifest = make_manifest(**added)
    assert Manifest.from_json(manifest.to_json()) == manifest
    content = json.loads(manifest.to_json())
    for key in ADDED:
        del content[key]
    assert Manifest.from_json(json.dumps(content)) == make_manifest()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("calibration", {"slope": 1.0}, "`calibration` has wrong keys"),
        ("calibration", [1.0], "`calibration` must be a JSON object"),
        ("calibration__genuine_share", 1, "`genuine_share` must be"),
        ("histogram", {"genuine": [1]}, "`histogram` has wrong keys"),
        ("histogram__impostor", [1, 2, 3], "`impostor` must have as many"),
        ("model_checksum", "ab", "`model_checksum` must be 64"),
    ],
)
def test_what_was_added_is_checked(key, value, message):
    added = {
        "calibration": Calibration(17.5, -3.5, 0.5),
        "histogram": ScoreHistogram((0, 3), (4, 1)),
    }
    content = json.loads(make_manifest(**added).to_json())
    first, _, second = key.partition("__")
    if second:
        content[first][second] = value
    else:
        content[first] = value
    with pytest.raises(ManifestError, match=message):
        Manifest.from_json(json.dumps(content))


def test_only_values_of_the_right_kind_are_taken():
    with pytest.raises(ManifestError, match="`calibration` must be a Calib"):
        make_manifest(calibration={"slope": 1.0})
