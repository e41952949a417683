import numpy as np
import pytest

from keras_sphereface.evaluation import (
    TemplatePairs,
    TemplateSubjects,
    template_people,
)


def make_pairs(*pairs):
    a, b, labels = np.array(pairs).T
    return TemplatePairs(a, b, labels == 1)


SUBJECTS = TemplateSubjects(np.array([1, 2, 3, 9]), np.array([5, 5, 8, 8]))


def test_subjects_say_who_it_is():
    pairs = make_pairs((1, 2, 1), (1, 3, 0), (9, 3, 1))
    people = template_people(pairs, SUBJECTS)
    assert people.tolist() == [[5, 5], [5, 8], [8, 8]]


@pytest.mark.parametrize("subjects", [None, SUBJECTS])
def test_without_them_pairs_of_one_person_join(subjects):
    # 4 is no subject's: 1-2 and 2-4 make one person of three templates.
    pairs = make_pairs((1, 2, 1), (2, 4, 1), (4, 3, 0), (1, 3, 0), (9, 3, 1))
    people = template_people(pairs, subjects)
    assert len(set(people[:2].ravel())) == 1
    assert len(set(people[2:4, 1].tolist() + people[4].tolist())) == 1
    assert (people[2:4, 0] != people[2:4, 1]).all()


def test_contradictions_are_named():
    with pytest.raises(ValueError, match=r"1 and 3, pair 2.*one person by t"):
        template_people(make_pairs((1, 2, 1), (1, 3, 1)), SUBJECTS)
    with pytest.raises(
        ValueError, match=r"1 and 4, pair 3.*two people by.*by the other pairs"
    ):
        template_people(make_pairs((1, 2, 1), (2, 4, 1), (1, 4, 0)))
