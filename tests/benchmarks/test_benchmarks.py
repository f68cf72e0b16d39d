"""The pieces of the benchmarks, on the smallest sizes. Nothing here looks at how long anything takes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks import (
    attribution,
    data_path,
    logging_cost,
    look,
    machine,
    network_table,
    networks,
    recording_cost,
    report,
)
from benchmarks.pairs import MILLISECONDS, RATE, Row, in_turn
from benchmarks.registry import BENCHMARKS, chosen
from benchmarks.sessions import images_per_second
from benchmarks.tutorial import Tutorial
from cnnviz.config import Mlp, ResNet18, RunConfig
from cnnviz.data import catalogue
from cnnviz.library.recording import record
from cnnviz.models.registry import build
from cnnviz.train.execution import Execution
from cnnviz.train.session import prepare
from tests.conftest import Bench


def test_ways_take_turns_and_ratios_are_of_neighbours() -> None:
    told: list[float] = []

    def turn(*figures: float) -> float:
        told.append(figures[len(told) // 2])
        return told[-1]

    ours, theirs = in_turn(lambda: turn(10, 30, 20), lambda: turn(5, 10, 20), repeats=3)
    assert told == [10, 5, 30, 10, 20, 20]
    faster = Row(name="a", what="", unit=RATE, ours=ours, theirs=theirs, target=2)
    assert (faster.ratio, faster.met) == ((2, 1, 3), True)
    slower = Row(name="a", what="", unit=MILLISECONDS, ours=ours, theirs=theirs, target=1)
    assert (slower.ratio, slower.met) == ((0.5, 1 / 3, 1), False)
    alone = Row(name="a", what="", unit=MILLISECONDS, ours=ours)
    assert (alone.ratio, alone.met) == (None, None)
    assert [Row(name="a", what="", unit=MILLISECONDS, ours=ours, at_most=at).met for at in (20, 19)] == [
        True,
        False,
    ]


def test_benchmarks_are_chosen_by_how_they_begin() -> None:
    assert chosen([]) == list(BENCHMARKS)
    assert chosen(["look", "train"]) == ["train-7x7", "train-3x3", "look"]
    with pytest.raises(KeyError):
        chosen(["trains"])


def test_writing_replaces_figures_and_keeps_words(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    rows = [
        (
            Row(name="fast", what="this against that", unit=RATE, ours=(30, 10), theirs=(10, 10), target=1.5),
            0.0,
        ),
        (Row(name="alone", what="this", unit=MILLISECONDS, ours=(3,), notes=["so it is"]), 1.5),
    ]
    report.write(path, report.Report({"Machine": "a toaster"}, rows).text)
    first = path.read_text()
    path.write_text(first.replace("# Benchmarks", "# Our benchmarks") + "Kept.\n")
    report.write(path, report.Report({"Machine": "a kettle"}, rows, ["page: no browser"]).text)
    second = path.read_text()
    assert "20.0 images/s (10.0..30.0)" in first
    assert "not quiet** (see the last column): alone" in first
    assert second.startswith("# Our benchmarks")
    assert second.endswith("Kept.\n")
    assert "toaster" not in second
    assert "- not measured: page: no browser" in second


def test_training_is_measured_each_way(tiny_data: str, tiny_config: RunConfig) -> None:
    dataset = catalogue.load(tiny_data)
    session = prepare(tiny_config, dataset)
    assert images_per_second(session, steps=3, warm_up=1) > 0
    assert session.progress.step == 4
    assert data_path.bare_images_per_second(session, data_path.one_batch(session), steps=2, warm_up=1) > 0
    assert images_per_second(session, steps=6, warm_up=0) > 0
    with pytest.raises(ValueError, match="6 steps"):
        images_per_second(session, steps=6, warm_up=1)
    model = build(Mlp(hidden=(16,)), image_shape=dataset.image_shape, classes=4)
    tutorial = Tutorial(dataset, model, device="cpu", batch_size=32, workers=0)
    assert tutorial.images_per_second(steps=2, warm_up=1) > 0


def test_a_watched_run_is_compared_with_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    alone = [
        logging_cost.Stretch(speed, bare, 0.01, 0.01, 0)
        for speed, bare in ((98, 100), (196, 200), (294, 300))
    ]
    watched = [logging_cost.Stretch(speed, speed / 0.99, 0.02, 0.04, 4) for speed in (146, 242)]
    written, page, both = logging_cost.rows(alone, watched, "fp32")
    assert written.ratio == pytest.approx((0.98, 0.98, 0.98))
    assert page.ratio == pytest.approx(((146 / 147 + 242 / 245) / 2, 242 / 245, 146 / 147))
    left = 0.99 * (1 - (0.06 - 0.02) / 2)
    assert both.ratio == pytest.approx((left, left, left))
    assert logging_cost.kept_by_training(alone, watched, cores=4) == pytest.approx([0.99 * 0.99] * 2)
    assert (written.met, page.met, both.met) == (True, None, True)


def test_the_way_is_fixed_and_not_compiled(tiny_config: RunConfig) -> None:
    way = Execution("cpu", "bf16", "channels_last", compile=True)
    found = logging_cost.fixed(tiny_config, way)
    assert (found.precision, found.memory_format, found.compile) == ("bf16", "channels_last", "off")


def test_a_look_is_a_picture_each_way() -> None:
    model = build(ResNet18(), image_shape=(8, 8, 3), classes=10).eval()
    image = np.zeros((3, 8, 8), np.float32)
    pictures = [look.with_mosaic(model, image), look.with_large_mosaic(model, image)]
    pictures.append(look.with_subplots(model, image, side=2))
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


@pytest.mark.slow
def test_attributions_are_equal_each_way() -> None:
    model, question = attribution.subject(32)
    row = attribution._integrated_gradients(model, question, 32, repeats=1)
    apart = float(row.notes[0].split()[3])
    assert apart < 1e-3
    row = attribution._grad_cam(model, question, 32, times=1, repeats=1)
    assert row.notes[0].endswith("times a forward pass")


def test_what_recording_takes_is_a_part_of_the_epoch(
    bench: Bench, tiny_data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = catalogue.load(tiny_data)
    monkeypatch.setattr(recording_cost, "images", lambda: dataset)
    model = build(Mlp(hidden=(16,)), image_shape=dataset.image_shape, classes=4)
    with record(model, torch.rand(2, 3, 8, 8), epochs=2, classes=4) as recording:
        spent, whole = recording_cost.epoch(model, recording, steps=1)
    assert 0 < spent < whole
    assert recording.run is not None
    assert [one.step for one in recording.run.metrics().epochs] == [1]


@pytest.mark.slow
def test_a_network_that_nobody_here_wrote_is_looked_into() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 4, 3)
            self.norm = nn.BatchNorm2d(4)
            self.relu = nn.ReLU()
            self.head = nn.Linear(4, networks.CLASSES)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(self.relu(self.norm(self.first(images))).mean((2, 3)))

    torch.manual_seed(0)
    row = networks.looked_into("own", Own().eval(), 16)
    assert not [value for value in row.values() if str(value).startswith("FAILS")]
    assert (row["logits"], row["other size"], row["maps"], row["parameters"]) == (
        "equal",
        "equal",
        "4 of 4",
        145,
    )
    assert set(networks.CAPABILITIES) < set(row)
    assert not row["attribution"]["grad_cam"]
    broken = {"name": "broken", "import": "FAILS: no words"}
    written = network_table.text([row, broken])
    assert "| own | 16 | " in written
    assert "| broken |  | FAILS: no words |" in written
    assert "2 networks; with 1 everything" in written
    assert {one.split("/")[0] for one in networks.names()} >= {"timm", "resnet18"}
    assert len(networks.names()) == len(set(networks.names()))
