"""The table of a thousand runs: how long a reader waits for it, in a real browser."""

import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.browser import app, page
from benchmarks.images import environment
from benchmarks.pairs import SECONDS, Row
from cnnviz import workspace
from cnnviz.config import Adam, Cnn, Data, RunConfig
from cnnviz.runs import run as runs
from cnnviz.runs import status

RUNS = 1000
_VISITS = 15
_TABLE = """
() => document.querySelector('[data-testid="stDataFrame"] [id^="glide-cell-"]') && performance.now()
"""


def measure(*, quick: bool) -> list[Row]:
    """Seconds from the call of the address to the first cells, with nothing remembered of the runs."""
    with TemporaryDirectory() as checkpoints, environment(CNNVIZ_CHECKPOINTS=checkpoints):
        write(RUNS)
        waits = []
        with app() as running, page() as browser:
            browser.goto(running.url)
            browser.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
            for _ in range(3 if quick else _VISITS):
                for path in Path(checkpoints).glob("*/config.json"):
                    os.utime(path)
                browser.goto(f"{running.url}/runs", wait_until="commit")
                waits.append(browser.wait_for_function(_TABLE, timeout=60_000).json_value() / 1000)
    return [
        Row(
            name="runs: first paint",
            what=f"from the call of the address to the first cells of the table of {RUNS:,} runs, headless Chromium",
            unit=SECONDS,
            ours=waits,
            at_most=1,
            notes=["all folders changed since the app read them; the app itself is warm"],
        )
    ]


def write(count: int) -> None:
    """Folders as finished runs leave them, of five settings under many seeds, without weights."""
    root = workspace.checkpoints_root()
    versions, machine = runs.environment()
    for number in range(count):
        config = RunConfig(
            title=f"Run {number % 5}",
            data=Data(name="shapes"),
            network=Cnn(convs=(8, 16), pool_after=(2,)),
            optimiser=Adam(learning_rate=0.001 * (1 + number % 5)),
            epochs=20,
            seed=number // 5,
        )
        folder = root / f"run-{number:04d}"
        folder.mkdir(parents=True)
        record = runs.Record(created=1.7e9 + number, config=config, versions=versions, machine=machine)
        (folder / "config.json").write_text(record.model_dump_json(indent=1))
        (folder / "metrics.jsonl").write_text(
            "\n".join(json.dumps(line, separators=(",", ":")) for line in _lines(number)) + "\n"
        )
        over = status.Status(
            state="finished",
            epoch=20,
            epochs=20,
            step=200,
            steps=200,
            seconds=60 + number,
            updated=time.time(),
        )
        status.write(folder, over, durable=False)


def _lines(number: int) -> list[dict[str, object]]:
    """What a run of 200 steps measures."""
    facts: dict[str, object] = {
        "kind": "started", "execution": {"device": "cpu", "precision": "fp32", "memory_format": "contiguous",
        "compile": False}, "device_name": "2 CPU threads", "parameters": 20_000, "train": 900, "validation": 100,
        "test": 1000, "steps_per_epoch": 10, "classes": [str(one) for one in range(10)], "image_shape": [32, 32, 3],
    }  # fmt: skip
    lines = [facts]
    for step in range(1, 201):
        right = (1 - 1 / (1 + step / 40)) * (0.8 + 0.02 * (number % 5)) + 0.0001 * (number % 97)
        lines.append(
            {"kind": "step", "step": step, "epoch": step / 10, "loss": 1 - right, "accuracy": right,
             "learning_rate": 0.01, "gradient_norm": 1.0}
        )  # fmt: skip
        if step % 10 == 0:
            lines.append(
                {"kind": "epoch", "epoch": step // 10, "step": step, "train_loss": 1 - right, "train_accuracy": right,
                 "validation_loss": 1.1 - right, "validation_accuracy": right - 0.03, "learning_rate": 0.01,
                 "gradient_norm": 1.0, "images_per_second": 3000.0 + number, "seconds": step * (0.3 + number / 200),
                 "memory": 10**9, "best": True}
            )  # fmt: skip
    lines.append(
        {"kind": "finished", "reason": "completed", "epoch": 20, "best_epoch": 20, "test_loss": 1.2 - right,
         "test_accuracy": right - 0.04, "test_count": 1000, "test_accuracy_by_class": [right - 0.04] * 10,
         "seconds": 60.0 + number, "weights_sha256": ""}
    )  # fmt: skip
    return lines
