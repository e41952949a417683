from keras_sphereface.export import ExportReport


def test_a_report_reads_as_one_line():
    report = ExportReport("face.tflite", "float32", 2_345_678, 1.2e-7)
    assert str(report) == (
        "face.tflite: float32, 2.35 MB, cosine scores within 1.2e-07 of Keras"
    )
    report = ExportReport("f.tflite", "int8", 900_000, 0.01, 64)
    assert "int8, calibrated on 64 images, 0.90 MB" in str(report)
