"""A run's curves for other tools: CSV, and TensorBoard's event files."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterator
from dataclasses import asdict, fields
from math import isfinite

import numpy as np

from cnnviz.runs.metrics import Metrics
from cnnviz.train.events import EpochEnded


def as_csv(metrics: Metrics) -> bytes:
    """The figures of every epoch, a line each under their names."""
    text = io.StringIO()
    table = csv.DictWriter(text, [one.name for one in fields(EpochEnded)])
    table.writeheader()
    table.writerows(map(asdict, metrics.epochs))
    return text.getvalue().encode()


def as_events(metrics: Metrics, *, started: float) -> bytes:
    """The curves as TensorBoard reads them: a step is an update; `started` is when the run began, in Unix time."""
    records = [_record(_event(started, 0, _text(3, "brain.Event:2")))]
    for step, time, tag, value in scalars(metrics):
        summary = _message(1, _text(1, tag) + _float(2, value))
        records.append(_record(_event(started + time, step, _message(5, summary))))
    return b"".join(records)


def scalars(metrics: Metrics) -> Iterator[tuple[int, float, str, float]]:
    """Step, seconds since the start, tag and value; a logged step's time lies evenly in its epoch."""
    ends = [0, *(one.step for one in metrics.epochs)]
    seconds = [0.0, *(one.seconds for one in metrics.epochs)]
    for at in metrics.steps:
        time = float(np.interp(at.step, ends, seconds))
        for name in ("loss", "accuracy", "learning_rate", "gradient_norm"):
            yield from _finite(at.step, time, f"batch/{name}", getattr(at, name))
    for epoch in metrics.epochs:
        for split in ("train", "validation"):
            for name in ("loss", "accuracy"):
                value = getattr(epoch, f"{split}_{name}")
                yield from _finite(epoch.step, epoch.seconds, f"{split}/{name}", value)
    if metrics.finished:
        for name in ("loss", "accuracy"):
            yield from _finite(ends[-1], seconds[-1], f"test/{name}", metrics.finished[f"test_{name}"])


def _finite(step: int, time: float, tag: str, value: float) -> Iterator[tuple[int, float, str, float]]:
    if isfinite(value):
        yield step, time, tag, value


def _event(time: float, step: int, content: bytes) -> bytes:
    """tensorboard.Event: wall_time = 1, step = 2; file_version = 3 or summary = 5 as `content`."""
    at = b"\x10" + _varint(step) if step else b""
    return b"\x09" + struct.pack("<d", time) + at + content


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])


def _record(content: bytes) -> bytes:
    """A TFRecord: length, its checksum, content, its checksum."""
    length = struct.pack("<Q", len(content))
    return length + _masked(length) + content + _masked(content)


def _masked(content: bytes) -> bytes:
    sum_ = crc32c(content)
    return struct.pack("<I", ((sum_ >> 15 | sum_ << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # noqa: PLW2901
        table.append(value)
    return table


_TABLE = _table()


def crc32c(content: bytes) -> int:
    """Checksum with Castagnoli's polynomial (RFC 3720)."""
    value = 0xFFFFFFFF
    for byte in content:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 255]
    return value ^ 0xFFFFFFFF
