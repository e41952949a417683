from collections import Counter

import numpy as np
import pytest
from record_files import encoded, write_records

from keras_sphereface.data import (
    BalancedSampling,
    IdentitySampling,
    RecordDataset,
    training_dataset,
)

COUNTS = [1, 2, 3, 5, 9, 20]
LABELS = np.repeat(np.arange(6), COUNTS).astype(np.int32)
# The first pixel tells which image it is.
IMAGES = np.zeros((40, 2, 2, 3), np.uint8)
IMAGES[:, 0, 0, 0] = np.arange(40)
SAMPLINGS = [None, BalancedSampling(4), IdentitySampling(2)]


def batches(sampling, batch_size=8, **options):
    dataset = training_dataset(
        (IMAGES, LABELS), batch_size, flip=False, sampling=sampling, **options
    )
    if options.get("repeat"):
        return dataset
    return [
        (images[:, 0, 0, 0].numpy(), labels.numpy())
        for images, labels in dataset
    ]


def test_balanced_sampling_shows_every_image_and_everyone_often_enough():
    seen = batches(BalancedSampling(4), drop_remainder=False)
    images = np.concatenate([one for one, _ in seen])
    labels = np.concatenate([one for _, one in seen])
    assert Counter(labels.tolist()) == dict(enumerate([4, 4, 4, 5, 9, 20]))
    assert set(images) == set(range(40))
    np.testing.assert_array_equal(LABELS[images], labels)
    assert len(images) == BalancedSampling(4).epoch_size(LABELS) == 46


def test_balanced_sampling_draws_the_missing_ones_anew_each_epoch():
    dataset = training_dataset(
        (IMAGES, LABELS),
        46,
        flip=False,
        sampling=BalancedSampling(4),
        repeat=True,
    )
    of_two = []
    for images, labels in dataset.take(30):
        own = images[:, 0, 0, 0].numpy()[labels.numpy() == 1]
        of_two.append(int((own == 1).sum()))
    # Images 1 and 2 are of identity 1; two more draws go to either.
    assert set(of_two) == {1, 2, 3}


@pytest.mark.parametrize("each", [2, 4])
def test_identity_sampling_gives_as_many_images_of_each(each):
    seen = batches(IdentitySampling(each), batch_size=8)
    assert len(seen) == 5
    for images, labels in seen:
        counts = Counter(labels.tolist())
        assert len(counts) == 8 // each
        assert set(counts.values()) == {each}
        np.testing.assert_array_equal(LABELS[images], labels)
        for label in counts:
            own = Counter(images[labels == label].tolist())
            # As often as needed, and none more than once more than another.
            assert len(own) == min(each, COUNTS[label])
            assert max(own.values()) - min(own.values()) <= 1


def test_identity_sampling_lets_everyone_have_their_turn():
    dataset = batches(IdentitySampling(2), batch_size=12, repeat=True)
    for _, labels in dataset.take(9):
        assert sorted(set(labels.numpy())) == list(range(6))


def test_identity_sampling_draws_all_images_of_an_identity_equally():
    dataset = batches(IdentitySampling(2), batch_size=12, repeat=True)
    drawn = Counter()
    for images, labels in dataset.take(900):
        own = images[:, 0, 0, 0].numpy()[labels.numpy() == 4]
        drawn.update(own.tolist())
    # 1,800 draws of 9 images: 200 each, standard deviation about 12.5.
    assert set(drawn) == set(range(11, 20))
    assert min(drawn.values()) > 140
    assert max(drawn.values()) < 260


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("first_step", [1, 4, 5, 13])
def test_a_resumed_pass_gives_the_same_remaining_batches(sampling, first_step):
    options = {"repeat": True, "seed": 4}
    whole = batches(sampling, **options).skip(first_step).take(9)
    rest = batches(sampling, first_step=first_step, **options).take(9)
    for (images, labels), (again, again_labels) in zip(
        whole, rest, strict=True
    ):
        np.testing.assert_array_equal(images, again)
        np.testing.assert_array_equal(labels, again_labels)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_workers_share_the_batches_of_one(sampling):
    whole = batches(sampling, seed=2)
    parts = [batches(sampling, seed=2, shard=(n, 4)) for n in range(4)]
    for number, (images, _) in enumerate(whole):
        shared = [part[number][0] for part in parts]
        assert [len(one) for one in shared] == [2] * 4
        assert sorted(np.concatenate(shared)) == sorted(images)


def test_records_are_sampled_as_arrays_are(tmp_path):
    labels = [0, 0, 1, 1, 1, 2, 2, 2]
    folder = write_records(tmp_path, [encoded(n) for n in range(8)], labels)
    faces = RecordDataset(folder)
    both = [
        list(training_dataset(source, 4, sampling=IdentitySampling(2)))
        for source in (faces, faces.load())
    ]
    for (images, _), (again, _) in zip(*both, strict=True):
        np.testing.assert_array_equal(images, again)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="multiple of `images_per_identity`"):
        batches(IdentitySampling(3), batch_size=8)
    with pytest.raises(ValueError, match="not be more than there are"):
        batches(IdentitySampling(2), batch_size=14)
    with pytest.raises(ValueError, match="`shuffle` must be True"):
        batches(IdentitySampling(2), shuffle=False)
    with pytest.raises(ValueError, match="`images_per_identity` must be"):
        IdentitySampling(1)
    with pytest.raises(ValueError, match="`min_images` must be"):
        BalancedSampling(0)
    for shard in ((1, 1), (0, 3), (-1, 2), 2, (0.0, 2)):
        with pytest.raises(
            ValueError, match=r"`shard` (is|must be) \(worker, num_workers\)"
        ):
            batches(None, shard=shard)
