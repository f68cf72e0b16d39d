import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss, recall_score
from torch import nn

from cnnviz.config import Mlp
from cnnviz.data.batches import Images, Normalise
from cnnviz.data.geometry import resize
from cnnviz.models.registry import build
from cnnviz.train import evaluate as module
from cnnviz.train.evaluate import evaluate, evaluating
from cnnviz.train.execution import Execution

NORMALISE = Normalise.of([0.5] * 3, [0.25] * 3, torch.device("cpu"))


def images(count: int, classes: int = 5) -> Images:
    generator = torch.Generator().manual_seed(2)
    pixels = torch.randint(0, 256, (count, 4, 4, 3), dtype=torch.uint8, generator=generator)
    return Images(pixels, torch.randint(0, classes, (count,), generator=generator))


@pytest.fixture
def model() -> nn.Module:
    return build(Mlp(hidden=(20,), dropout=0.5), image_shape=(4, 4, 3), classes=6, seed=1)


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1234])
def test_against_scikit_learn(model: nn.Module, count: int) -> None:
    some = images(count)
    score = evaluate(model, some, NORMALISE, classes=6)
    with torch.no_grad():
        probabilities = model.eval()(NORMALISE(some.pixels)).double().softmax(1).numpy()
    labels, guesses = some.labels.numpy(), probabilities.argmax(1)
    assert score.count == count
    assert score.loss == pytest.approx(log_loss(labels, probabilities, labels=range(6)), rel=1e-5)
    assert score.accuracy == pytest.approx(accuracy_score(labels, guesses))
    recalls = recall_score(labels, guesses, labels=range(6), average=None, zero_division=0)
    for label, (mine, theirs) in enumerate(zip(score.by_class, recalls, strict=True)):
        assert mine == (pytest.approx(theirs) if label in labels else None)
    assert score.by_class[5] is None


def test_dropout_is_off_and_nothing_changes(model: nn.Module) -> None:
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, second = (evaluate(model, images(50), NORMALISE, classes=6) for _ in range(2))
    assert first == second
    assert not model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_can_be_stopped_after_each_batch(model: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 10)
    ticks = list(evaluating(model, images(35), NORMALISE, classes=6))
    assert len(ticks) == 4
    assert not torch.is_inference_mode_enabled()


def test_low_precision_gives_nearly_the_same(model: nn.Module) -> None:
    exact = evaluate(model, images(200), NORMALISE, classes=6)
    way = Execution("cpu", "bf16", "channels_last")
    rough = evaluate(model, images(200), NORMALISE, classes=6, way=way)
    assert rough.loss == pytest.approx(exact.loss, rel=0.02)
    assert rough.loss != exact.loss


def test_images_of_another_size_are_resized_a_batch_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 20)
    some = images(50)
    wide = Images(some.pixels, some.labels, size=(16, 24))
    model = build(Mlp(hidden=(20,)), image_shape=(16, 24, 3), classes=6, seed=1)
    expected = Images(resize(some.pixels, (16, 24)), some.labels)
    assert expected.pixels.shape == (50, 16, 24, 3)
    assert evaluate(model, wide, NORMALISE, classes=6) == evaluate(model, expected, NORMALISE, classes=6)
