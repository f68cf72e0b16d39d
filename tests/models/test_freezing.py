"""What is frozen stays bit for bit as it was; the rest learns."""

import pytest
import torch
from torch import nn

from cnnviz.config import (
    Cnn,
    Freeze,
    FreezeBody,
    FreezeChildren,
    FreezeMatching,
    NoFreeze,
    ResNet18,
    RunConfig,
)
from cnnviz.data import catalogue
from cnnviz.errors import ConfigError
from cnnviz.models.freezing import freeze, is_frozen
from cnnviz.models.registry import build
from cnnviz.train.loop import fit
from cnnviz.train.session import prepare

SMALL = Cnn(convs=(4, 4), batch_norm="all", pool_after=(1,), linear=(6,))


def frozen(model: nn.Module) -> set[str]:
    return {name for name, value in model.named_parameters() if not value.requires_grad}


@pytest.mark.parametrize(("count", "last"), [(5, "layer1"), (9, "avgpool")])
def test_the_first_parts_of_a_resnet(count: int, last: str) -> None:
    model = build(ResNet18(), image_shape=(8, 8, 3), classes=4)
    parts = [name for name, _ in model.named_children()]
    assert parts[count - 1] == last
    freeze(model, FreezeChildren(count=count))
    expected = {name for name, _ in model.named_parameters() if name.partition(".")[0] in parts[:count]}
    assert frozen(model) == expected


def test_all_but_the_head() -> None:
    model = build(ResNet18(head=(8,)), image_shape=(8, 8, 3), classes=4)
    freeze(model, FreezeBody())
    assert {name for name, _ in model.named_parameters()} - frozen(model) == {
        "fc.fc1.weight", "fc.fc1.bias", "fc.fc2.weight", "fc.fc2.bias",
    }  # fmt: skip
    freeze(model, NoFreeze())
    assert not frozen(model)


@pytest.mark.parametrize(
    "how", [FreezeMatching(pattern="nothing*"), FreezeMatching(pattern="*"), FreezeChildren(count=99)]
)
def test_all_or_nothing_is_refused(how: Freeze) -> None:
    with pytest.raises(ConfigError, match="freeze"):
        freeze(build(SMALL, image_shape=(8, 8, 3), classes=4), how)


@pytest.mark.parametrize(
    ("how", "learns"),
    [
        (FreezeBody(), {"fc2"}),
        (FreezeChildren(count=4), {"conv2", "bn2", "fc1", "fc2"}),
        (FreezeMatching(pattern="conv*"), {"bn1", "bn2", "fc1", "fc2"}),
    ],
)
def test_training_leaves_what_is_frozen_statistics_included(
    tiny_data: str, tiny_config: RunConfig, how: Freeze, learns: set[str]
) -> None:
    config = tiny_config.model_copy(update={"network": SMALL, "freeze": how, "epochs": 1})
    session = prepare(config, catalogue.load(tiny_data))
    before = {name: value.clone() for name, value in session.model.state_dict().items()}
    for _ in fit(session):
        pass
    after = session.model.state_dict()
    changed = {name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == learns
    for name, module in session.model.named_children():
        assert is_frozen(module) == (name not in learns and any(True for _ in module.parameters()))


def test_a_frozen_run_goes_on_exactly(tiny_data: str, tiny_config: RunConfig) -> None:
    config = tiny_config.model_copy(update={"network": SMALL, "freeze": FreezeChildren(count=4), "epochs": 2})
    dataset = catalogue.load(tiny_data)

    def weights(cut: int | None) -> list[torch.Tensor]:
        session = prepare(config, dataset)
        for number, _ in enumerate(fit(session)):
            if number == cut:
                other = prepare(config, dataset, way=session.way)
                other.restore(*session.state())
                session = other
                for _ in fit(session):
                    pass
                break
        return list(session.model.state_dict().values())

    assert all(torch.equal(a, b) for a, b in zip(weights(None), weights(3), strict=True))
