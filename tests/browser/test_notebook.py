"""A notebook trains a network of its own under `record`; the page that it opens walks into it."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import Page, expect

from tests.browser.looks import canvas, colours, drawn, settled

NETWORK = """
import cnnviz, numpy, torch
from torch import nn

class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8 * 16, 10)

    def forward(self, images):
        found = torch.relu(self.first(images))
        found = torch.relu(self.second(found) + found)
        return self.head(nn.functional.max_pool2d(found, 2).flatten(1))
"""
TRAINING = """
from sklearn.datasets import load_digits

digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
labels = torch.tensor(digits.target)
model = Small()
optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
with cnnviz.record(model, epochs=1, classes=10, data="digits", title="From a notebook") as run:
    for batch, right in zip(images[:1500].split(50), labels[:1500].split(50)):
        loss = nn.functional.cross_entropy(model(batch), right)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        run.step(loss=loss, images=50)
    with torch.no_grad():
        logits = model(images[1500:])
    run.epoch(
        validation_loss=nn.functional.cross_entropy(logits, labels[1500:]),
        validation_accuracy=(logits.argmax(1) == labels[1500:]).float().mean(),
    )
"""
OPEN = "cnnviz.open(run)"


def test_from_a_notebook_to_a_cell_and_its_attributions(
    page: Page, address: str, bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
    monkeypatch.setenv("CNNVIZ_DATA", str(bench / "data"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    # What the app that is open here would have written, had it been started with these runs.
    where = {"host": "127.0.0.1", "port": int(address.rpartition(":")[2])}
    (bench / "checkpoints" / ".app.json").write_text(json.dumps(where))
    cells = [nbformat.v4.new_code_cell(source) for source in (NETWORK, TRAINING, OPEN)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert not notebook.cells[1].outputs, notebook.cells[1].outputs  # no warning
    (shown,) = notebook.cells[2].outputs
    link = re.search(r'href="([^"]+)"', shown["data"]["text/html"])
    assert link is not None
    assert link[1].startswith(f"{address}/activations?run=")

    page.goto(link[1])
    settled(page)
    page.get_by_role("option", name=re.compile("^second: ")).click()
    maps = canvas(page, "Activations of second for")
    assert colours(maps) > 20
    maps.click(position={"x": 20, "y": 20})
    expect(page.get_by_text("second, channel 0")).to_be_visible()
    canvas(page, "Map of channel 0 of second").click(position={"x": 3, "y": 3})
    expect(page).to_have_url(re.compile(r"cell=0\.0"))
    expect(page.get_by_text("3×3 convolution: Σ input × weight")).to_be_visible()
    page.get_by_role("link", name="Attribution").click()
    expect(page).to_have_url(re.compile("/attribution"))
    drawn(page)
    assert colours(canvas(page, "Grad-CAM for")) > 3
