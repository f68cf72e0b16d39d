import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from cnnviz.config import Adadelta, Adam, Constant, Cosine, OneCycle, RmsProp, Schedule, Sgd, Step
from cnnviz.train.optimisers import build, set_rates
from cnnviz.train.schedules import rates

PEAK = 0.3


def optimiser(kind: str = "sgd") -> torch.optim.Optimizer:
    weights = [torch.nn.Parameter(torch.zeros(1))]
    return (
        torch.optim.SGD(weights, lr=PEAK, momentum=0.9)
        if kind == "sgd"
        else torch.optim.Adam(weights, lr=PEAK)
    )


def follow(scheduler: LRScheduler, optimiser: torch.optim.Optimizer, count: int) -> list[tuple[float, float]]:
    seen = []
    for _ in range(count):
        group = optimiser.param_groups[0]
        seen.append((group["lr"], group["betas"][0] if "betas" in group else group["momentum"]))
        optimiser.step()
        scheduler.step()
    return seen


def ours(schedule: Schedule, *, epochs: int, per_epoch: int) -> list[tuple[float, float | None]]:
    steps = [
        rates(schedule, peak=PEAK, step=step, steps_per_epoch=per_epoch, epochs=epochs)
        for step in range(epochs * per_epoch)
    ]
    return [(now.learning_rate, now.momentum) for now in steps]


@pytest.mark.parametrize("every", [1, 3, 10, 40])
@pytest.mark.parametrize("factor", [0.1, 0.5])
def test_step(every: int, factor: float) -> None:
    optim = optimiser()
    theirs = follow(StepLR(optim, every, factor), optim, 30)
    mine = ours(Step(every=every, factor=factor), epochs=30, per_epoch=4)
    assert [rate for rate, _ in mine] == pytest.approx([rate for rate, _ in theirs for _ in range(4)])


@pytest.mark.parametrize("t_max", [None, 5, 7, 30, 50])
def test_cosine(t_max: int | None) -> None:
    optim = optimiser()
    theirs = follow(CosineAnnealingLR(optim, t_max or 30), optim, 30)
    mine = ours(Cosine(t_max=t_max), epochs=30, per_epoch=4)
    expected = [rate for rate, _ in theirs for _ in range(4)]
    assert [rate for rate, _ in mine] == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("kind", ["sgd", "adam"])
@given(epochs=st.integers(1, 12), per_epoch=st.integers(1, 9), warm_up=st.floats(0.01, 0.99))
def test_one_cycle(kind: str, epochs: int, per_epoch: int, warm_up: float) -> None:
    total = epochs * per_epoch
    mine = ours(OneCycle(warm_up=warm_up), epochs=epochs, per_epoch=per_epoch)
    if warm_up * total - 1 <= 0:  # shorter than PyTorch's can be: starts at the top
        assert mine[0] == (pytest.approx(PEAK), pytest.approx(0.85))
        assert [rate for rate, _ in mine] == sorted((rate for rate, _ in mine), reverse=True)
        return
    optim = optimiser(kind)
    scheduler = OneCycleLR(optim, max_lr=PEAK, total_steps=total, pct_start=warm_up)
    theirs = follow(scheduler, optim, total - 1)
    last = optim.param_groups[0]
    theirs.append((last["lr"], last["betas"][0] if kind == "adam" else last["momentum"]))
    for (rate, momentum), (their_rate, their_momentum) in zip(mine, theirs, strict=True):
        assert rate == pytest.approx(their_rate, rel=1e-9, abs=1e-12)
        assert momentum == pytest.approx(their_momentum, rel=1e-9)


def test_momentum_stays_where_it_is_not_cycled() -> None:
    for schedule in (Constant(), Step(), Cosine(), OneCycle(cycle_momentum=False)):
        assert {momentum for _, momentum in ours(schedule, epochs=3, per_epoch=4)} == {None}
    assert {rate for rate, _ in ours(Constant(), epochs=3, per_epoch=4)} == {PEAK}


def test_rates_reach_every_kind_of_optimiser() -> None:
    def group(options: Sgd | Adam | RmsProp | Adadelta, momentum: float | None) -> dict[str, object]:
        optim = build(options, [torch.nn.Parameter(torch.zeros(1))])
        set_rates(optim, 0.7, momentum)
        return optim.param_groups[0]

    assert (group(Sgd(), 0.88)["lr"], group(Sgd(), 0.88)["momentum"]) == (0.7, 0.88)
    assert group(Sgd(momentum=0.5), None)["momentum"] == 0.5
    assert group(Sgd(momentum=0, nesterov=False), 0.88)["momentum"] == 0  # has none that could cycle
    assert group(Adam(), 0.88)["betas"] == (0.88, 0.999)
    assert group(RmsProp(momentum=0.3), 0.88)["momentum"] == 0.88
    assert group(Adadelta(), 0.88)["lr"] == 0.7
