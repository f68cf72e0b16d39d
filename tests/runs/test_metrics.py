import json
import resource
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.runs import metrics
from cnnviz.runs.metrics import Journal, Metrics
from cnnviz.train.events import EpochEnded, StepLogged


def lines(folder: Path, *entries: tuple[str, dict[str, Any]]) -> Metrics:
    journal = Journal(folder)
    for kind, values in entries:
        journal.add(kind, values)
    journal.close()
    return metrics.read(folder)


def step(number: int, **more: Any) -> tuple[str, dict[str, Any]]:
    return "step", {"step": number} | more


def epoch(number: int, at: int) -> tuple[str, dict[str, Any]]:
    return "epoch", {"epoch": number, "step": at}


def test_round_trip(tmp_path: Path) -> None:
    read = lines(
        tmp_path, ("started", {"train": 3}), step(1, loss=0.1), epoch(1, 1), ("finished", {"test_loss": 2})
    )
    assert read.started["train"] == 3
    assert [(one.step, one.loss) for one in read.steps] == [(1, 0.1)]
    assert [(one.epoch, one.step) for one in read.epochs] == [(1, 1)]
    assert read.finished == {"test_loss": 2}


def test_events_come_back_as_they_were_written(tmp_path: Path) -> None:
    step_ = StepLogged(
        step=3, epoch=0.5, loss=1.0, accuracy=0.25, learning_rate=0.1, gradient_norm=float("inf")
    )
    epoch_ = EpochEnded(
        epoch=1, step=6, train_loss=1.0, train_accuracy=0.5, validation_loss=2.0, validation_accuracy=0.25,
        learning_rate=0.1, gradient_norm=3.0, images_per_second=9.0, seconds=4.0, memory=7, best=True,
    )  # fmt: skip
    read = lines(tmp_path, ("step", asdict(step_)), ("epoch", asdict(epoch_)))
    assert (read.steps, read.epochs) == ([step_], [epoch_])


def test_lines_of_other_versions(tmp_path: Path) -> None:
    read = lines(
        tmp_path, step(1, loss=2, temperature=3), ("step", {"loss": 1}), step(2, loss="much"), epoch(1, 2)
    )
    (only,) = read.steps
    assert (only.step, only.loss) == (1, 2)
    assert isnan(only.accuracy)
    assert isnan(read.epochs[0].train_loss)
    assert (read.epochs[0].memory, read.epochs[0].best) == (0, False)


def test_a_missing_file_is_empty(tmp_path: Path) -> None:
    read = metrics.read(tmp_path)
    assert (read.steps, read.epochs, read.started, read.finished) == ([], [], {}, {})
    assert not read.update()


def test_reads_on_and_leaves_a_torn_line_for_later(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    first, second = (json.dumps({"kind": "step", "step": number}) + "\n" for number in (1, 2))
    path.write_text(first + second[:9])
    read = metrics.read(tmp_path)
    assert [line.step for line in read.steps] == [1]
    assert not read.update()
    path.write_text(first + second)
    assert read.update()
    assert [line.step for line in read.steps] == [1, 2]


def test_a_torn_line_is_closed_by_the_next_worker(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"kind":"step","step":1}\n{"kind":"step","st')
    read = lines(tmp_path, step(2))
    assert [line.step for line in read.steps] == [1, 2]


@given(
    st.lists(
        st.binary(max_size=20) | st.sampled_from([b"[1]", b'"kind"', b"3", b'{"kind": 3}', b'{"kind":"x"}'])
    )
)
def test_rubbish_is_skipped(tmp_path_factory: pytest.TempPathFactory, rubbish: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("rubbish")
    good = b'{"kind":"step","step":7}\n'
    (folder / "metrics.jsonl").write_bytes(b"\n".join(rubbish) + b"\n" + good)
    assert [line.step for line in metrics.read(folder).steps] == [7]


def test_what_is_done_again_counts_once(tmp_path: Path) -> None:
    before = [step(n) for n in range(1, 4)] + [epoch(1, 3)] + [step(4), step(5)]
    again = [step(4), step(5), step(6), epoch(2, 6)]
    read = lines(tmp_path, *before, ("resumed", {"step": 3, "epoch": 1}), *again)
    assert [line.step for line in read.steps] == [1, 2, 3, 4, 5, 6]
    assert [line.epoch for line in read.epochs] == [1, 2]


def test_a_snapshot_between_an_epochs_last_step_and_its_end(tmp_path: Path) -> None:
    before = [step(1), step(2), epoch(1, 2)]
    read = lines(tmp_path, *before, ("resumed", {"step": 2, "epoch": 0}), epoch(1, 2), step(3))
    assert [line.epoch for line in read.epochs] == [1]
    assert [line.step for line in read.steps] == [1, 2, 3]


def test_lines_of_older_runs_name_no_epoch(tmp_path: Path) -> None:
    read = lines(tmp_path, step(1), epoch(1, 1), step(2), epoch(2, 2), ("resumed", {"step": 1}))
    assert [line.epoch for line in read.epochs] == [1]


def test_a_run_that_goes_on_is_not_finished_and_keeps_what_was_probed(tmp_path: Path) -> None:
    probed = {"probe_milliseconds": {"fp32": 1.0}, "train": 1}
    read = lines(tmp_path, ("started", probed), ("finished", {"test_loss": 1}))
    assert read.finished
    again = ("started", {"probe_milliseconds": {}, "train": 2})
    read = lines(tmp_path, again, ("resumed", {"step": 0, "epoch": 0}))
    assert not read.finished
    assert read.started == {"probe_milliseconds": {"fp32": 1.0}, "train": 2}


def test_fresh_or_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.fresh
    journal.add("step", {"step": 1}, durable=True)
    journal.close()
    journal = Journal(tmp_path)
    assert not journal.fresh
    journal.close()


def test_a_full_disk_leaves_whole_lines_for_readers(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add("step", {"step": 1})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "metrics.jsonl").stat().st_size + 9, before[1]))
    try:
        with pytest.raises(OSError, match=r"space|large"):
            journal.add("step", {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.close()
    assert [line.step for line in metrics.read(tmp_path).steps] == [1]
    assert [line.step for line in lines(tmp_path, step(2)).steps] == [1, 2]
