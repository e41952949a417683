import pytest

from keras_sphereface import heads


def test_a_name_gives_its_head_with_the_arguments():
    head = heads.get("spherefacer", 12, variant="v1", margin=1.7)
    assert isinstance(head, heads.SphereFaceRHead)
    assert (head.num_classes, head.variant, head.margin) == (12, "v1", 1.7)


def test_every_name_gives_a_head_that_is_exported():
    for name in heads.names():
        head = heads.get(name, 3)
        assert isinstance(head, heads.MarginHead)
        assert type(head).__name__ in heads.__all__


def test_an_unknown_name_lists_the_right_ones():
    with pytest.raises(ValueError, match=r"spherefacer.*'spherface'"):
        heads.get("spherface", 3)


def test_an_unknown_argument_is_an_error():
    with pytest.raises((TypeError, ValueError), match="margn"):
        heads.get("spherefacer", 3, margn=1.4)
