"""A network goes out as ONNX, and only if another runtime says what PyTorch says."""

import io
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from cnnviz.errors import CheckpointError, RunError
from cnnviz.progress import finish
from cnnviz.report import onnx_file
from cnnviz.report.takeaway import FILES, content
from cnnviz.runs.network_source import opened
from cnnviz.runs.run import Run
from tests.conftest import Bench

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*:FutureWarning", "ignore:.*:UserWarning"),  # of the exporter's own
]


def test_pixels_go_in_and_the_logits_are_pytorchs(bench: Bench, tiny_data: str, looked_into: Run) -> None:
    saved = content(FILES["onnx"], looked_into)
    session = onnxruntime.InferenceSession(saved)
    _, model, card = opened(looked_into.id)
    pixels = np.random.default_rng(3).integers(256, size=(7, 8, 8, 3), dtype=np.uint8)
    mean, std = (np.array(one, np.float32)[:, None, None] for one in (card.mean, card.std))
    values = (pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255 - mean) / std
    with torch.inference_mode():
        due = model(torch.from_numpy(values)).numpy()
    for some in (pixels, pixels[:1]):
        (found,) = session.run(None, {"pixels": some})
        np.testing.assert_allclose(found, due[: len(some)], rtol=0, atol=1e-4)
    about = {one.key: one.value for one in onnx.load_from_string(saved).metadata_props}
    assert json.loads(about["classes"]) == list(card.classes)
    assert about["pixels"] == "uint8, (N, 8, 8, 3), RGB, 0 to 255"


def test_a_wrong_export_is_not_written(
    bench: Bench, tiny_data: str, looked_into: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = onnx_file.exported

    def wrong(model: torch.nn.Module, card: object) -> bytes:
        *_, head = (one for one in model.modules() if isinstance(one, torch.nn.Linear))
        with torch.no_grad():
            head.weight[0] += 0.01
            written = true(model, card)  # type: ignore[arg-type]
            head.weight[0] -= 0.01
        return written

    monkeypatch.setattr(onnx_file, "exported", wrong)
    file = io.BytesIO()
    with pytest.raises(CheckpointError, match="other logits than PyTorch"):
        finish(FILES["onnx"].write(looked_into, file, ()))
    assert not file.getvalue()


@pytest.mark.parametrize(("margin", "refused"), [(1.0, True), (1e-6, False)])
def test_all_test_images_are_predicted_alike_but_for_ties(
    tiny_data: str, looked_into: Run, monkeypatch: pytest.MonkeyPatch, margin: float, *, refused: bool
) -> None:
    """Whoever is wrong for a single image of the test set is found out, also after the first hundred."""
    monkeypatch.setattr(onnx_file, "_PICTURES", 10)
    monkeypatch.setattr(onnx_file, "_BATCH", 10)
    _, model, card = opened(looked_into.id)
    due = np.zeros((10, 4), np.float32)
    due[:, 1] = margin
    seen: list[int] = []

    def theirs(pixels: np.ndarray) -> np.ndarray:
        seen.append(len(pixels))
        found = due.copy()
        if len(seen) == 4:
            found[3] = (2 * margin, 0, 0, 0)
        return found

    monkeypatch.setattr(onnx_file, "_runtime", lambda _: theirs)
    monkeypatch.setattr(onnx_file, "_pytorch", lambda *_: lambda pixels: due)
    if refused:
        with pytest.raises(CheckpointError, match="1 of 10 test images another class"):
            finish(onnx_file.check(b"", model, card))
        assert len(seen) == 4
    else:
        finish(onnx_file.check(b"", model, card))
        assert sum(seen) == 60


def test_without_its_packages_it_says_what_to_install(
    looked_into: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "find_spec", lambda name: None if name == "onnxscript" else object())
    with pytest.raises(RunError, match="pip install onnx onnxscript onnxruntime"):
        content(FILES["onnx"], looked_into)
