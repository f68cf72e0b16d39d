"""Images that are in two splits."""

import numpy as np

from cnnviz.diagnosis.duplicates import fingerprints, shared


def hashes(images):
    return [one for some in fingerprints(images, np.arange(len(images))) for one in some]


def test_planted_copies_are_found_and_nothing_else():
    random = np.random.default_rng(0)
    train = random.integers(0, 256, (1500, 4, 4, 3), dtype=np.uint8)
    test = random.integers(0, 256, (40, 4, 4, 3), dtype=np.uint8)
    test[[5, 9]] = train[[1200, 7]]
    test[11] = train[3]
    test[11, 0, 0, 0] ^= 1  # nearly the same is not the same
    labels = np.zeros(1500, np.int64), np.array([1 if n == 9 else 0 for n in range(40)])
    [found] = shared({"training": (hashes(train), labels[0]), "test": (hashes(test), labels[1])})
    assert (found.split, found.other) == ("test", "training")
    assert (found.places, found.others) == ((5, 9), (1200, 7))
    assert (found.of, found.differing) == (40, 1)


def test_three_splits_are_held_against_each_other():
    one = [b"a", b"b"]
    labels = np.zeros(2, np.int64)
    found = shared({"x": (one, labels), "y": ([b"c", b"d"], labels), "z": ([b"d", b"a"], labels)})
    assert [(item.split, item.other, item.places) for item in found] == [
        ("y", "x", ()), ("z", "x", (1,)), ("z", "y", (0,)),
    ]  # fmt: skip
