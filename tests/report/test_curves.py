"""Curves as other tools read them."""

import csv
import io
import struct
from collections.abc import Iterator

import pytest

from cnnviz.report.curves import as_csv, as_events, crc32c
from cnnviz.runs.metrics import Metrics
from cnnviz.runs.run import Run
from cnnviz.train.events import StepLogged


@pytest.fixture
def metrics(trained: Run) -> Metrics:
    found = trained.metrics()
    found.steps = [
        StepLogged(step=9, epoch=1.5, loss=1.5, accuracy=0.25, learning_rate=0.05, gradient_norm=float("nan"))
    ]
    return found


def test_the_checksum_is_castagnolis() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    assert crc32c(b"\xff" * 32) == 0x62A8AB43


def test_a_file_begins_as_tensorflows_do(metrics: Metrics) -> None:
    content = as_events(metrics, started=1000.0)
    assert content[:13] == bytes.fromhex("1800000000000000a37f4b2209")
    assert content[13:36] == struct.pack("<d", 1000.0) + b"\x1a\x0dbrain.Event:2"


def test_every_figure_is_there_once(metrics: Metrics) -> None:
    scalars = list(read(as_events(metrics, started=1000.0)))
    assert scalars == [
        (1001.0, 9, "batch/loss", 1.5),
        (1001.0, 9, "batch/accuracy", 0.25),
        (1001.0, 9, "batch/learning_rate", pytest.approx(0.05)),
        (1002.0, 18, "train/loss", pytest.approx(1.1)),
        (1002.0, 18, "train/accuracy", 0.5),
        (1002.0, 18, "validation/loss", pytest.approx(1.2)),
        (1002.0, 18, "validation/accuracy", pytest.approx(0.45)),
        (1002.0, 18, "test/loss", pytest.approx(1.2)),
        (1002.0, 18, "test/accuracy", pytest.approx(0.4)),
    ]


def test_a_step_of_many_digits(metrics: Metrics) -> None:
    metrics.steps = [StepLogged(300_000, 1.0, 1.0, 1.0, 1.0, 1.0)]
    assert {step for _, step, *_ in read(as_events(metrics, started=0.0))} == {300_000, 18}


def test_csv_has_a_line_an_epoch(metrics: Metrics) -> None:
    (line,) = csv.DictReader(io.StringIO(as_csv(metrics).decode()))
    assert (line["epoch"], line["validation_accuracy"], line["best"]) == ("3", "0.45", "True")


def read(content: bytes) -> Iterator[tuple[float, int, str, float]]:
    """Wall time, step, tag and value of each scalar, after the first record; checksums are compared."""
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        event = content[12 : 12 + length]
        for part, sum_ in ((content[:8], content[8:12]), (event, content[12 + length : 16 + length])):
            crc = crc32c(part)
            assert sum_ == struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32)
        content = content[16 + length :]
        (time,) = struct.unpack("<d", event[1:9])
        if event[9:10] != b"\x10":
            continue
        step, shift, place = 0, 0, 10
        while True:
            step |= (event[place] & 127) << shift
            shift, place = shift + 7, place + 1
            if event[place - 1] < 128:
                break
        # 5: Summary (length), 1: Value (length), 1: tag (length), 2: simple_value
        assert (event[place], event[place + 2], event[place + 4]) == (0x2A, 0x0A, 0x0A)
        tag = event[place + 6 : place + 6 + event[place + 5]]
        assert event[-5:-4] == b"\x15"
        yield time, step, tag.decode(), struct.unpack("<f", event[-4:])[0]
