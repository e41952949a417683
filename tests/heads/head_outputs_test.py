from keras_sphereface.heads import HeadOutputs


def test_cosines_are_computed_only_when_they_are_asked_for():
    asked = []
    outputs = HeadOutputs(
        norms=None,
        labels=None,
        cosines=lambda: asked.append(1) or "cosines",
        cos_target=None,
    )
    outputs = outputs._replace(losses="losses")
    assert asked == []
    assert outputs.cos_theta == "cosines"
    assert asked == [1]
    assert (outputs.logits, outputs.penalties) == (None, None)
