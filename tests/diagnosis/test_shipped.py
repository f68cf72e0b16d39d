"""What is published of the shipped networks: figures that a second program found, too, from their predictions."""

import re
from functools import cache

import numpy as np
import pytest
from sklearn import metrics

from cnnviz.artifact import StoredArtifact
from cnnviz.diagnosis.calibration import calibration
from cnnviz.diagnosis.confusion import commonest, confusion
from cnnviz.diagnosis.label_errors import suspects
from cnnviz.diagnosis.ranking import least_sure, surest_mistakes, top_k_accuracy
from cnnviz.diagnosis.scores import by_class, macro_f1
from cnnviz.diagnosis.temperature import scaling
from cnnviz.explore.predictions import CODEC, Predictions
from cnnviz.runs.run import Run
from cnnviz.workspace import ROOT

PUBLISHED = {
    "cifar10-resnet18": {
        "accuracy": 0.9265, "loss": 0.28624, "ece": 0.06643, "mce": 0.24599, "macro_f1": 0.92644, "top_2": 0.977,
        "temperature": 0.7398, "ece_scaled": 0.01863, "commonest": [(3, 5, 79), (5, 3, 66), (2, 3, 31), (0, 8, 30)],
        "surest": [6916, 8625, 2656], "least_sure": [1754, 3337, 2831], "suspects": (161, [2656, 3246, 9008]),
        "right": [938, 969, 872, 840, 942, 893, 945, 952, 957, 957],
    },
    "mnist-mlp": {
        "accuracy": 0.985, "loss": 0.07148, "ece": 0.00952, "mce": 0.38050, "macro_f1": 0.98491, "top_2": 0.9961,
        "temperature": 1.9904, "ece_scaled": 0.00473, "commonest": [(5, 3, 8), (9, 4, 8), (7, 2, 7), (4, 9, 6)],
        "surest": [9009, 3520, 445], "least_sure": [6625, 4807, 2109], "suspects": (45, [9009, 2654, 3520]),
        "right": [971, 1129, 1017, 998, 968, 873, 946, 1008, 953, 987],
    },
}  # fmt: skip
SHIPPED = pytest.mark.parametrize("name", PUBLISHED)


@cache
def predictions(name: str) -> Predictions:
    path = ROOT / "checkpoints" / name / "index" / "predictions-last.npz"
    with np.load(path) as archive:
        of = str(archive["of"])
    found = StoredArtifact(path, of, CODEC).load()
    assert found is not None
    return found


@SHIPPED
def test_the_run_says_what_its_predictions_say(name: str) -> None:
    folder, said = ROOT / "checkpoints" / name, predictions(name)
    published, end = PUBLISHED[name], Run(name, ROOT / "checkpoints" / name).metrics().finished
    assert end["test_accuracy"] == said.right.mean() == published["accuracy"]
    loss = -np.log(said.probabilities[np.arange(10_000), said.labels].astype(float)).mean()
    assert end["test_loss"] == pytest.approx(loss, abs=1e-4)
    assert loss == pytest.approx(published["loss"], abs=1e-4)
    count = np.bincount(said.labels)
    assert end["test_accuracy_by_class"] == pytest.approx(published["right"] / count)
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert f"**Test accuracy {100 * published['accuracy']:.1f} % ±" in card  # type: ignore[operator]
    (written,) = re.findall(r"cross-entropy\s+([0-9.]+)", card)
    assert float(written) == pytest.approx(loss, abs=1e-4)


@SHIPPED
def test_confusion_and_scores(name: str) -> None:
    said, published = predictions(name), PUBLISHED[name]
    counts = confusion(said.labels, said.guesses, 10)
    assert counts.tolist() == metrics.confusion_matrix(said.labels, said.guesses).tolist()
    assert counts.diagonal().tolist() == published["right"]
    assert commonest(counts, most=4) == published["commonest"]
    assert macro_f1(by_class(counts, [str(n) for n in range(10)])) == pytest.approx(
        published["macro_f1"], abs=1e-5
    )
    assert top_k_accuracy(said.labels, said.probabilities, 2) == pytest.approx(published["top_2"])


@SHIPPED
def test_calibration_and_temperature(name: str) -> None:
    """The calibration error is that of fifteen bins, as the paper has it."""
    said, published = predictions(name), PUBLISHED[name]
    found = calibration(said.labels, said.probabilities)
    assert (found.of, found.images) == (15, 10_000)
    assert found.ece == pytest.approx(published["ece"], abs=1e-5)
    assert found.mce == pytest.approx(published["mce"], abs=1e-4)
    fitted = scaling(said.labels, said.probabilities)
    assert fitted is not None
    assert fitted.temperature == pytest.approx(published["temperature"], abs=1e-3)
    assert fitted.after.ece == pytest.approx(published["ece_scaled"], abs=1e-4)


@SHIPPED
def test_images_to_look_at_first(name: str) -> None:
    said, published = predictions(name), PUBLISHED[name]
    assert surest_mistakes(said.labels, said.probabilities)[:3].tolist() == published["surest"]
    assert least_sure(said.probabilities)[:3].tolist() == published["least_sure"]
    found = suspects(said.labels, said.probabilities)
    assert (len(found), [one.place for one in found[:3]]) == published["suspects"]
