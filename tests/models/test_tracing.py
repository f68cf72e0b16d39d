"""Who is told what while a network runs, and that nothing stays behind."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import cnnviz
from cnnviz.models.tracing import ModuleCall, tracing


class Twice(nn.Module):
    """A linear layer that runs twice, around one that runs once."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.other = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, values: Tensor) -> Tensor:
        first: Tensor = self.shared(values)
        return self.shared(self.other(first))  # type: ignore[no-any-return]


def hooks(model: nn.Module) -> int:
    return sum(len(one._forward_hooks) + len(one._forward_pre_hooks) for one in model.modules())


def test_every_run_is_told_in_order_with_arguments_and_output() -> None:
    model, inputs = Twice(), torch.ones(1, 3)
    told: list[tuple[str, str, int]] = []
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def leave(call: ModuleCall, output: Any) -> None:
        told.append(("leave", call.layer, call.number))
        seen[call.layer] = call.args[0], output

    with tracing(
        model,
        dict(model.named_children()),
        begin=lambda: told.append(("begin", "", 0)),
        enter=lambda call: told.append(("enter", call.layer, call.number)),
        leave=leave,
    ) as same:
        assert same is model
        whole = model(inputs)
        once = list(told)
        model(inputs)
    assert once == [
        ("begin", "", 0),
        ("enter", "shared", 1), ("leave", "shared", 1), ("enter", "other", 1), ("leave", "other", 1),
        ("enter", "shared:2", 2), ("leave", "shared:2", 2),
    ]  # fmt: skip
    assert told == once * 2  # counted anew
    assert seen["shared"][0] is inputs
    assert seen["shared:2"][1].equal(whole)
    for given, output in seen.values():
        assert any(module(given).equal(output) for module in (model.shared, model.other))


@pytest.mark.parametrize("which", ["enter", "leave"])
def test_runs_are_counted_whoever_listens(which: str) -> None:
    model, told = Twice(), []
    listener = {which: lambda call, *output: told.append(call.layer)}
    with tracing(model, {"shared": model.shared}, **listener):  # type: ignore[arg-type]
        assert hooks(model) == 2  # the network's own, and that of the one module
        model(torch.ones(1, 3))
    assert told == ["shared", "shared:2"]


def test_an_output_can_be_replaced() -> None:
    model, inputs = Twice(), torch.ones(1, 3)

    def silence(call: ModuleCall, output: Tensor) -> Tensor | None:
        return torch.zeros_like(output) if call.number == 2 else None

    with tracing(model, {"shared": model.shared}, leave=silence):
        assert not model(inputs).any()
    assert model(inputs).any()


def test_nothing_is_left_whatever_happens() -> None:
    model = Twice()
    everything = dict(model.named_modules())

    def fail(call: ModuleCall, output: Any) -> None:
        raise KeyError(call.name)

    with pytest.raises(KeyError, match="shared"), tracing(model, everything, leave=fail):
        model(torch.ones(1, 3))
    assert hooks(model) == 0
    with pytest.raises(RuntimeError, match="multiplied"), tracing(model, everything, enter=lambda call: None):
        model(torch.ones(1, 4))
    assert hooks(model) == 0
    with tracing(model, everything, enter=lambda call: None, leave=lambda call, output: None):
        model(torch.ones(1, 3))
    assert hooks(model) == 0

    class Stubborn(nn.Module):
        def register_forward_hook(self, *args: Any, **options: Any) -> Any:
            raise OSError

    with pytest.raises(OSError), tracing(model, everything | {"x": Stubborn()}, leave=fail):  # noqa: PT011
        pass
    assert hooks(model) == 0


def test_no_other_file_sets_hooks_on_modules() -> None:
    package = Path(cnnviz.__file__).parent
    setting = {
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if re.search(r"register_(full_)?(forward|backward|module)_\w*hook", file.read_text())
    }
    assert setting == {"models/tracing.py"}
