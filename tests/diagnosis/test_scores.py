"""Confusion, precision, recall, F1, top k: against scikit-learn."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from cnnviz.diagnosis.confusion import commonest, confusion, rates
from cnnviz.diagnosis.ranking import entropy, least_sure, margin, surest_mistakes, top_k_accuracy
from cnnviz.diagnosis.scores import by_class, macro_f1, table


@st.composite
def answers(draw):
    """Labels (N,) and probabilities (N, K), sometimes with classes that never occur."""
    classes, count = draw(st.integers(2, 7)), draw(st.integers(1, 60))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    labels = random.integers(0, draw(st.integers(1, classes)), count)
    logits = random.normal(0, draw(st.floats(0.1, 5)), (count, classes))
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return labels, shares.astype(np.float32)


@given(answers())
def test_confusion_and_scores_are_scikit_learns(given_answers):
    labels, shares = given_answers
    classes = shares.shape[1]
    guesses = shares.argmax(1)
    counts = confusion(labels, guesses, classes)
    names = list(range(classes))
    assert counts.tolist() == metrics.confusion_matrix(labels, guesses, labels=names).tolist()
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, guesses, labels=names, zero_division=np.nan
    )
    for number, one in enumerate(by_class(counts, [str(name) for name in names])):
        for mine, theirs in ((one.precision, precision), (one.recall, recall), (one.f1, f1)):
            assert np.isnan(theirs[number]) if mine is None else mine == pytest.approx(theirs[number])
        assert one.support == support[number]
        assert one.predicted == (guesses == number).sum()
    there = sorted({*labels.tolist(), *guesses.tolist()})
    expected = metrics.f1_score(labels, guesses, labels=there, average="macro", zero_division=0)
    assert macro_f1(by_class(counts, [str(name) for name in names])) == pytest.approx(expected)
    normed = metrics.confusion_matrix(labels, guesses, labels=names, normalize="true")
    assert np.nan_to_num(rates(counts)) == pytest.approx(normed)


@given(answers(), st.integers(1, 8))
def test_top_k_is_scikit_learns(given_answers, k):
    labels, shares = given_answers
    classes = shares.shape[1]
    if classes == 2:  # scikit-learn wants scores of one class there
        shares = np.hstack([shares, np.zeros((len(shares), 1), np.float32)])
        classes = 3
    expected = (
        1.0 if k >= classes else metrics.top_k_accuracy_score(labels, shares, k=k, labels=np.arange(classes))
    )
    assert top_k_accuracy(labels, shares, k) == pytest.approx(expected)


def test_of_equals_the_first_class_counts_as_it_does_for_the_guess():
    shares = np.full((3, 3), 1 / 3)
    labels = np.array([0, 1, 2])
    assert top_k_accuracy(labels, shares, 1) == (shares.argmax(1) == labels).mean() == pytest.approx(1 / 3)
    assert top_k_accuracy(labels, shares, 2) == pytest.approx(2 / 3)


def test_the_error_of_f1_is_what_drawing_again_gives():
    counts = np.array([[80, 20], [30, 170]])
    one, _ = by_class(counts, ["a", "b"])
    random = np.random.default_rng(0)
    # Of the images that are, or are taken for, class a: those that are right.
    draws = random.binomial(130, 80 / 130, 20_000) / 130
    assert one.f1_error == pytest.approx((2 * draws / (1 + draws)).std(), rel=0.03)
    assert one.recall_error == pytest.approx((random.binomial(100, 0.8, 20_000) / 100).std(), rel=0.03)


def test_a_class_without_images_or_guesses_has_no_score():
    one, two = by_class(np.array([[4, 0], [0, 0]]), ["a", "b"])
    assert (one.precision, one.recall, one.f1) == (1.0, 1.0, 1.0)
    assert (two.precision, two.recall, two.f1, two.f1_error) == (None, None, None, None)
    rows = list(csv.reader(io.StringIO(table([one, two]))))
    assert rows[0][:4] == ["name", "support", "predicted", "right"]
    assert rows[2] == ["b", "0", "0", "0", "", "", "", "", "", ""]


def test_the_commonest_confusions():
    counts = np.array([[9, 2, 0], [5, 9, 2], [0, 0, 9]])
    assert commonest(counts, most=2) == [(1, 0, 5), (0, 1, 2)]
    assert commonest(counts, most=9) == [(1, 0, 5), (0, 1, 2), (1, 2, 2)]


@given(answers())
def test_lists_are_what_a_loop_gives(given_answers):
    from scipy.stats import entropy as reference

    labels, shares = given_answers
    expected = [reference(row.astype(float)) / np.log(len(row)) for row in shares]
    assert entropy(shares) == pytest.approx(expected, abs=1e-6)
    ordered = [sorted(row.tolist(), reverse=True) for row in shares]
    assert margin(shares) == pytest.approx([row[0] - row[1] for row in ordered])
    wrong = surest_mistakes(labels, shares).tolist()
    assert set(wrong) == {n for n in range(len(labels)) if shares[n].argmax() != labels[n]}
    sure = [float(shares[n].max()) for n in wrong]
    assert sure == sorted(sure, reverse=True)
    assert np.all(np.diff(entropy(shares)[least_sure(shares)]) <= 0)
    assert np.all(np.diff(margin(shares)[least_sure(shares, by="margin")]) >= 0)


def test_certainty_has_no_entropy():
    assert entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist() == [0.0, 1.0]
    assert margin(np.array([[1.0], [1.0]])).tolist() == [1.0, 1.0]
