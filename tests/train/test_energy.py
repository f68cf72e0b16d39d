"""Energy, on a machine that is made up: a folder as Linux has it."""

import os
from pathlib import Path
from typing import Any

import pytest

from cnnviz.train.energy import POWERCAP, EnergyMeter

SPAN = 262_143_328_850


def domain(root: Path, name: str, label: str, microjoules: int) -> Path:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{label}\n")
    (folder / "max_energy_range_uj").write_text(f"{SPAN}\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    return folder / "energy_uj"


def test_processors_are_counted_once_and_across_the_end_of_the_counter(tmp_path: Path) -> None:
    first = domain(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    second = domain(tmp_path, "intel-rapl:1", "package-1", SPAN - 1_000_000)
    part = domain(tmp_path, "intel-rapl:0:0", "core", 0)
    whole = domain(tmp_path, "intel-rapl:2", "psys", 0)  # processors and all around them
    meter = EnergyMeter(powercap=tmp_path)
    assert meter.lap() == 0
    first.write_text("12000000")
    second.write_text("2000000")
    for other in (part, whole):
        other.write_text("99000000")
    assert meter.lap() == pytest.approx(7 + 3)
    assert meter.lap() == 0
    first.unlink()
    second.write_text("3000000")
    assert meter.lap() == pytest.approx(1)


def test_a_machine_that_does_not_tell_is_silent(tmp_path: Path) -> None:
    assert EnergyMeter(powercap=tmp_path / "none").lap() == 0
    domain(tmp_path, "intel-rapl:0", "package-0", 5).write_text("no number")
    assert EnergyMeter(powercap=tmp_path).lap() == 0
    if os.geteuid():
        (tmp_path / "intel-rapl:0" / "energy_uj").chmod(0)
        assert EnergyMeter(powercap=tmp_path).lap() == 0
    assert EnergyMeter("cuda", powercap=tmp_path).lap() == 0 or Path("/dev/nvidiactl").exists()


def test_a_run_adds_up_its_energy_and_goes_on_with_it(session: Any, train: Any) -> None:
    silent, _ = train(session(epochs=1))
    assert silent[0].energy == 0 or list(POWERCAP.glob("intel-rapl:0"))
    one = session(epochs=2)
    one.progress.energy = 100.0  # of before it was put down
    one.meter = type("Meter", (), {"lap": lambda _: 0.5})()
    epochs, _ = train(one)
    per_epoch = (one.steps_per_epoch + 1) * 0.5
    assert [epoch.energy for epoch in epochs] == [round(100 + per_epoch), round(100 + 2 * per_epoch)]
    assert one.state()[1]["progress"]["energy"] == pytest.approx(100 + 2 * per_epoch)
