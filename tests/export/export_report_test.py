import json

from keras_sphereface.export import ExportReport

REPORT = ExportReport(
    path="face.tflite",
    quantization="float32",
    size_bytes=2_345_678,
    images=4,
    images_from="images of noise",
    worst_cosine=0.9999999,
    mean_cosine=1.0,
    score_error=1.2e-7,
    latency_ms=5.04,
)
CARD = {
    **vars(REPORT),
    "quantization": "int8",
    "calibration_images": 64,
    "exceeded": ("a cosine score changes by 0.3, and 0.25 is allowed",),
    "pairs": {
        "count": 6000,
        "genuine": 3000,
        "far": 0.01,
        "score_error": 0.0125,
        "keras": {"accuracy": 0.9, "tar": 0.8},
        "artifact": {"accuracy": 0.895, "tar": None},
    },
    "layers": [
        {
            "tensor": f"a/model/layer_{i}/op/add",
            "cosine": 1 - i / 100,
            "signal_to_noise": 30.0,
        }
        for i in range(12)
    ],
}


def test_a_report_reads_as_one_line():
    assert str(REPORT) == (
        "face.tflite: float32, 2.35 MB, 5.0 ms, cosine scores within 1.2e-07 "
        "of Keras"
    )
    forced = str(ExportReport(**CARD))
    assert "int8, calibrated on 64 images, 2.35 MB" in forced
    assert forced.endswith("of Keras; a cosine score changes by 0.3, and 0.25 "
                           "is allowed")  # fmt: skip


def test_the_page_tells_all_there_is():
    assert "pairs" not in REPORT.to_markdown()
    page = ExportReport(**CARD).to_markdown()
    for row in (
        "| compared on | 4 images of noise |",
        "| calibrated on | 64 images |",
        "On 6,000 pairs, whose scores change by at most 1.25e-02:",
        "| ten-fold accuracy | 90.00% | 89.50% |",
        "| TAR at FAR 0.01 | 80.00% | n/a |",
        "- a cosine score changes by 0.3",
        "| `layer_11/op/add` | 0.8900 | 30.0 dB |",
    ):
        assert row in page, row
    assert "layer_1/" not in page  # the eleventh of twelve


def test_the_card_is_written_beside_the_artifact(tmp_path):
    report = ExportReport(**{**CARD, "path": str(tmp_path / "face.tflite")})
    report.write()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["face.tflite.parity.json", "face.tflite.parity.md"]
    content = json.loads((tmp_path / names[0]).read_text())
    assert content["score_error"] == 1.2e-7
    assert content["pairs"]["artifact"]["accuracy"] == 0.895
    assert (tmp_path / names[1]).read_text("utf-8") == report.to_markdown()
