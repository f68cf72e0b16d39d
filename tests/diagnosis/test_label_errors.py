"""Confident learning against a plain loop, and on labels that were spoilt on purpose."""

import numpy as np
import pytest
from hypothesis import given
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from cnnviz.diagnosis.label_errors import suspects, thresholds
from tests.diagnosis.test_scores import answers


def by_hand(labels, shares):
    """The definition of the paper: an off-diagonal cell of the confident joint."""
    classes = shares.shape[1]
    bar = {
        j: np.mean([shares[i, j] for i in range(len(labels)) if labels[i] == j])
        for j in range(classes)
        if (labels == j).any()
    }
    found = []
    for i, label in enumerate(labels):
        above = [j for j in bar if shares[i, j] >= bar[j]]
        if above and max(above, key=lambda j: shares[i, j]) != label:
            found.append((i, max(above, key=lambda j: shares[i, j])))
    return sorted(found, key=lambda one: (shares[one[0], labels[one[0]]], one[0]))


@given(answers())
def test_as_the_paper_has_it(given_answers):
    labels, shares = given_answers
    shares = shares.astype(np.float64)
    found = suspects(labels, shares)
    assert [(one.place, one.instead) for one in found] == by_hand(labels, shares)
    for one in found:
        assert one.self_confidence == shares[one.place, one.label]
        assert one.confidence == shares[one.place, one.instead]
        assert one.label == labels[one.place] != one.instead


def test_spoilt_labels_come_first():
    images, labels = load_digits(return_X_y=True)
    images, labels = images[:600], labels[:600].copy()
    spoilt = np.random.default_rng(0).choice(600, 12, replace=False)
    labels[spoilt] = (labels[spoilt] + 3) % 10
    shares = cross_val_predict(KNeighborsClassifier(10), images, labels, cv=3, method="predict_proba")
    first = {one.place for one in suspects(labels, shares)[:15]}
    assert len(first & set(spoilt.tolist())) >= 10


def test_a_class_without_images_accuses_nobody():
    shares = np.array([[0.2, 0.7, 0.1], [0.4, 0.5, 0.1]])
    assert np.isnan(thresholds(np.array([0, 0]), shares)[1:]).all()
    assert suspects(np.array([0, 0]), shares) == ()
    assert thresholds(np.array([0, 0]), shares)[0] == pytest.approx(0.3)
