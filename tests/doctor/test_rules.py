"""Each rule on a run that has the illness, really trained, and on one that has not."""

from dataclasses import replace
from math import e, log
from pathlib import Path

import numpy as np
import pytest

from cnnviz.config import Cnn, Data, Mlp, RunConfig, Sgd
from cnnviz.doctor import gather
from cnnviz.doctor.rules import RULES, examine
from cnnviz.errors import DataError
from cnnviz.formatting import per_cent
from cnnviz.models import checkpoint
from cnnviz.recipes import library
from cnnviz.workspace import ROOT
from tests.conftest import write_data
from tests.doctor.conftest import PLAIN, looked_at, trained

PLAIN_SGD = Sgd(learning_rate=0.02, momentum=0, nesterov=False)
TINY = Data(name="tiny")


def findings(facts):
    return examine(facts).findings


def test_a_healthy_run_has_nothing(healthy):
    found = examine(healthy)
    assert dict(found.findings) == {}
    assert dict(found.not_checked) == {}
    assert [one.id for one in found.healthy] == [one.id for one in RULES]


def test_overfitting_and_since_when(ward, admit):
    folder = ward / "data" / "noisy"
    write_data(folder, train=300)
    labels = np.load(folder / "train_labels.npy")
    labels[::3] = (
        labels[::3] + 1 + np.arange(100) % 3
    ) % 4  # a third is wrong, and can only be known by heart
    np.save(folder / "train_labels.npy", labels)
    facts = admit(
        data=Data(name="noisy", train=150, validation=100),
        network=Mlp(hidden=(64,)),
        epochs=30,
        optimiser=Sgd(learning_rate=0.05),
    )
    found = findings(facts)["overfitting"]
    best = min(facts.epochs, key=lambda line: line.validation_loss)
    assert found.figures["since_epoch"] == best.epoch
    assert found.title == f"Overfitting since epoch {best.epoch}"
    rise = facts.epochs[-1].validation_loss / best.validation_loss - 1
    assert f"risen by {per_cent(rise, digits=0)}" in found.words
    assert found.severity == "serious"
    assert "underfitting" not in findings(facts)


@pytest.mark.slow
def test_underfitting(admit):
    facts = admit(network=Mlp(hidden=(2,), activation="tanh"), epochs=8)
    found = findings(facts)
    assert "underfitting" in found
    assert "overfitting" not in found
    assert per_cent(facts.epochs[-1].train_accuracy) in found["underfitting"].words


def test_a_learning_rate_that_is_too_high(admit):
    facts = admit(optimiser=Sgd(learning_rate=30.0), epochs=3)
    found = findings(facts)["rate-too-high"]
    assert found.severity == "serious"
    assert found.figures["learning_rate"] == 30
    assert found.remedies[0].settings == {"optimiser.learning_rate": 3.0}


@pytest.mark.slow
def test_a_learning_rate_that_is_too_low(admit):
    facts = admit(optimiser=PLAIN_SGD.model_copy(update={"learning_rate": 1e-4}), epochs=6)
    found = findings(facts)
    assert "rate-too-low" in found
    assert "rate-too-high" not in found
    assert "shuffled-labels" not in found or found["shuffled-labels"].severity == "mild"


@pytest.mark.slow
def test_a_planted_dead_layer(ward):
    run = trained(PLAIN)
    path = run.folder / "snapshots" / "last.safetensors"
    card, weights = checkpoint.read(path)
    weights["fc1.bias"][:20] = -100
    checkpoint.save(path, weights, card)
    facts = looked_at(run)
    found = findings(facts)["dead-relus"]
    assert found.severity == "serious"
    assert found.figures["act1"]["channels"] == 32
    assert 20 <= found.figures["act1"]["dead"] < 26
    assert found.evidence[0].query == {"run": run.id, "snapshot": "last", "layer": "act1"}
    weights["fc1.bias"][:] = -100
    checkpoint.save(path, weights, card)
    found = findings(looked_at(run))
    assert found["dead-relus"].figures["act1"]["dead"] == 32
    assert "never-predicted" in found  # only one answer is left


@pytest.mark.slow
def test_vanishing_gradients(admit):
    deep = (16,) * 8
    facts = admit(network=Mlp(hidden=deep, activation="sigmoid"), epochs=3)
    found = findings(facts)["vanishing"]
    assert found.figures["fc1"] < 1e-3 * found.figures["fc9"]
    assert "fc1, gets" in found.words
    assert "vanishing" not in findings(admit(network=Mlp(hidden=deep), epochs=3))


def test_a_dead_layer_lets_nothing_through(ward):
    run = trained(PLAIN.model_copy(update={"network": Mlp(hidden=(16, 16, 16)), "epochs": 3}))
    path = run.folder / "snapshots" / "last.safetensors"
    card, weights = checkpoint.read(path)
    weights["fc2.bias"][:] = -100
    checkpoint.save(path, weights, card)
    found = findings(looked_at(run))["vanishing"]
    assert "gets nothing" in found.words
    assert found.figures["fc1"] == 0


def test_exploding_gradients(admit):
    facts = admit(network=Mlp(hidden=(64,) * 5), optimiser=Sgd(learning_rate=0.7), epochs=2)
    found = findings(facts)["exploding"]
    norms = [line.gradient_norm for line in facts.steps]
    assert found.figures["worst"] == max(norms)
    assert found.severity == "serious"
    assert (
        "It was clipped"
        in findings(replace(facts, config=facts.config.model_copy(update={"clip_norm": 1.0})))[
            "exploding"
        ].words
    )


@pytest.mark.slow
def test_softmax_twice_by_its_setting_and_by_its_loss(admit):
    facts = admit(
        softmax_before_loss=True, network=Mlp(hidden=(32,)), epochs=12, optimiser=Sgd(learning_rate=0.2)
    )
    floor = log((e + 9) / e)
    for one in (
        facts,
        # Trained elsewhere, where no setting says so: the loss alone tells.
        replace(facts, config=facts.config.model_copy(update={"softmax_before_loss": False})),
    ):
        found = findings(one)["softmax-twice"]
        assert found.figures["floor"] == pytest.approx(floor) == pytest.approx(1.4612, abs=1e-4)
        assert found.figures["validation_loss"] > floor
        assert "1.4612" in found.words
        assert found.remedies[0].settings == {"softmax_before_loss": False}
    assert findings(facts)["softmax-twice"].figures["setting"]
    # A validation loss as high as that, over images known by heart, is overfitting and no second softmax.
    plain = facts.config.model_copy(update={"softmax_before_loss": False})
    known = [replace(line, train_loss=0.1) for line in facts.epochs]
    assert "softmax-twice" not in findings(replace(facts, config=plain, epochs=tuple(known)))


def test_a_class_that_is_never_predicted(ward, admit):
    folder = ward / "data" / "rare"
    write_data(folder, train=400, test=40)
    images, labels = np.load(folder / "train_images.npy"), np.load(folder / "train_labels.npy")
    labels[labels == 3] = 0
    labels[np.flatnonzero(labels == 0)[::6]] = 3  # one in six of another class, by chance
    np.save(folder / "train_labels.npy", labels)
    np.save(folder / "train_images.npy", images)
    facts = admit(data=Data(name="rare", validation=100), epochs=4, network=Mlp(hidden=(8,)))
    found = findings(facts)["never-predicted"]
    assert found.title == "Never predicted: four"
    assert found.figures["four"]["images"] >= 5
    assert found.evidence[0].query["confused"] == "3."


def test_a_class_that_training_lacks(ward, admit, healthy):
    folder = ward / "data" / "absent"
    write_data(folder, train=400, test=40)
    images, labels = np.load(folder / "train_images.npy"), np.load(folder / "train_labels.npy")
    np.save(folder / "train_images.npy", images[labels != 3])
    np.save(folder / "train_labels.npy", labels[labels != 3])
    facts = admit(data=Data(name="absent", validation=60), epochs=4, network=Mlp(hidden=(8,)))
    found = findings(facts)["absent"]
    assert found.title == "Not in training: four"
    assert found.figures["four"] == {"training images": 0, "test images": 10}
    assert facts.inside.labels[:3] == tuple(np.bincount(labels[labels != 3])[:3] - facts_validation(facts))
    assert "absent" not in findings(healthy)


def facts_validation(facts):
    """Validation images of the first three classes; all of them are asked about."""
    return np.array(facts.inside.answers.support[:3])


def test_images_in_two_splits(ward, admit):
    folder = ward / "data" / "leaky"
    write_data(folder)
    train, test = np.load(folder / "train_images.npy"), np.load(folder / "test_images.npy")
    config = Data(name="leaky")
    from cnnviz.data import catalogue, split

    numbers, validation = split.of_run(catalogue.load("leaky"), config)
    test[[4, 8]] = train[[numbers[3], validation[5]]]
    np.save(folder / "test_images.npy", test)
    facts = admit(data=config, epochs=1)
    found = findings(facts)["leakage"]
    assert found.figures["test in training"]["images"] == 1
    assert found.figures["test in validation"]["images"] == 1
    assert found.evidence[0].query["image"] == "test.4"
    assert found.evidence[0].query["image_b"] == f"train.{numbers[3]}"
    assert found.severity == "serious"


def test_shuffled_labels(ward, admit):
    folder = ward / "data" / "shuffled"
    write_data(folder, train=300)
    labels = np.load(folder / "train_labels.npy")
    np.save(folder / "train_labels.npy", np.random.default_rng(2).permutation(labels))
    facts = admit(
        data=Data(name="shuffled", train=150, validation=100),
        network=Mlp(hidden=(64,)),
        epochs=15,
        optimiser=Sgd(learning_rate=0.05),
    )
    found = findings(facts)["shuffled-labels"]
    assert found.title == "Labels look shuffled"
    assert found.figures["train_accuracy"] > 0.6
    assert found.figures["validation_accuracy"] < 0.4


@pytest.mark.parametrize(
    ("size", "title"),
    [(4, "Batch norm with a tiny batch"), (59, "Batch norm with a tiny last batch"), (32, None)],
)
def test_batch_norm_in_tiny_batches(admit, size, title):
    network = Cnn(convs=(4,), pool_after=(1,), batch_norm="all")
    found = findings(admit(data=TINY, network=network, batch_size=size, epochs=1)).get("tiny-batches")
    assert (found.title if found else None) == title


def test_without_batch_norm_a_tiny_batch_is_none(admit):
    assert "tiny-batches" not in findings(admit(data=TINY, batch_size=4, epochs=1))


def test_what_could_not_be_asked_is_said(ward):
    run = trained(PLAIN.model_copy(update={"epochs": 1}))
    facts = gather.from_files(run)
    found = examine(facts)
    assert not found.findings
    assert found.not_checked["overfitting"] == "it has 1 whole epochs, and 3 are needed"
    assert found.not_checked["dead-relus"] == "the network was not looked into yet"
    assert set(found.not_checked) | {one.id for one in found.healthy} == {one.id for one in RULES}
    gone = examine(gather.without(facts, DataError("No images are here.")))
    assert gone.not_checked["leakage"] == "No images are here"


def test_every_remedy_leads_somewhere(healthy, admit):
    """Experiments exist, and settings make a configuration that can be run, or are left out."""
    facts = admit(
        data=TINY, network=Mlp(hidden=(16,) * 8, activation="sigmoid"), softmax_before_loss=True, epochs=4
    )
    ill = list(findings(facts).values())
    assert ill
    for finding in ill:
        for remedy in finding.remedies:
            if remedy.recipe:
                library.find(remedy.recipe)
            changed = remedy.applied(facts.config)
            assert changed is None or isinstance(changed, RunConfig)
        for evidence in finding.evidence:
            assert evidence.page
    assert {e.page for f in ill for e in f.evidence} <= {
        path.stem for path in Path(ROOT / "pages").glob("*.py")
    }
