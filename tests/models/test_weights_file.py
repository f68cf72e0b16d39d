"""Files of weights from strangers: read without running anything, refused in one line."""

import io
import os
import pickle
import zipfile
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cnnviz.errors import CheckpointError
from cnnviz.models import unpickling, weights_file

pytestmark = pytest.mark.slow


class Harmful:
    """What would leave a file if it were unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


def small() -> dict[str, torch.Tensor]:
    return {"fc1.weight": torch.rand(3, 4), "fc1.bias": torch.rand(3)}


def saved(content: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def packed(content: bytes) -> bytes:
    """The same zip, deflated."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member) + b"\0" * 10**6)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        small,
        lambda: {"state_dict": small(), "epoch": 3, "optimizer": {"state": {}}},
        lambda: {"net": small(), "best": np.float64(0.5), "args": Namespace(lr=0.1)},
        lambda: {"model": {"state_dict": small()}},
        lambda: {
            "state_dict": {"fc1.weight": torch.zeros(3, 4)},
            "state_dict_ema": small(),
            "arch": "resnet18",
        },
        lambda: {"model": {"fc1.weight": torch.zeros(3, 4)}, "model_ema": small()},
        lambda: {"model_state_dict": {name: nn.Parameter(value) for name, value in small().items()}},
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_state_dicts_in_their_usual_wrappers(content: Any, zipped: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    (tmp_path / "my.pt").write_bytes(saved(content(), _use_new_zipfile_serialization=zipped))
    unpickling_target = tmp_path / "out.safetensors"
    # In this process, without the limits of the child.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpickling, "_bound_memory", lambda size: None)
        unpickling.convert(tmp_path / "my.pt", unpickling_target)
    torch.manual_seed(0)
    for name, value in small().items():
        torch.testing.assert_close(
            safetensors.torch.load_file(unpickling_target)[name], value, rtol=0, atol=0
        )


def test_the_child_converts_names_the_weights_that_were_taken_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    path = tmp_path / "my.pt"
    averaged, others = small(), {"fc1.weight": torch.zeros(3, 4)}
    path.write_bytes(saved({"state_dict": others, "state_dict_ema": averaged, "args": {"lr": 0.1}}))
    found = weights_file.read(path)
    assert found.notes == ("The averaged weights ('state_dict_ema') are taken; 'state_dict' is left out.",)
    assert set(found.tensors) == {"fc1.weight", "fc1.bias"}
    assert [one.name for one in tmp_path.iterdir()] == ["my.pt"]


def test_a_malicious_pickle_runs_nothing(tmp_path: Path) -> None:
    for name, content in (
        ("new.pt", saved({"w": Harmful(tmp_path / "harm")})),
        ("old.pt", pickle.dumps(Harmful(tmp_path / "harm"))),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError) as error:
            weights_file.read(tmp_path / name)
        assert str(error.value).startswith(name)
        assert len(str(error.value).splitlines()) == 1
        assert not (tmp_path / "harm").exists()


def view_of_one() -> bytes:
    """A few kilobytes that claim 10¹² numbers."""
    return saved({"w": torch.zeros(1).expand(10**6, 10**6)})


def scripted() -> bytes:
    file = io.BytesIO()
    with pytest.warns(FutureWarning, match="deprecated"):
        torch.jit.save(torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())), file)
    return file.getvalue()


def exported_long_ago() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/serialized_exported_program.json", "{}")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (scripted, r"is a TorchScript archive .*torch\.jit\.load\(FILE\)\.state_dict\(\), OUT"),
        (exported_long_ago, r"is an exported program .*torch\.export\.load\(FILE\)\.state_dict, OUT"),
        (
            lambda: saved(nn.Linear(2, 2)),
            r"whole pickled model \(torch.nn.modules.linear.Linear\).*state_dict",
        ),
        (view_of_one, "claims more weights than it holds"),
        (lambda: packed(saved(small())), "packed zip"),
        (lambda: saved(small())[:-40], "damaged"),
        (lambda: saved([1, 2, 3]), "no weights by name"),
        (lambda: saved({"epoch": 3}), "no weights by name"),
        (lambda: b"\x80\x02garbage", "damaged"),
    ],
)
def test_pickles_that_are_refused(
    content: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "my.pt"
    source.write_bytes(content())
    monkeypatch.setattr(unpickling, "_bound_memory", lambda size: None)
    with pytest.raises(unpickling.Refused, match=said) as refusal:
        unpickling.convert(source, tmp_path / "out.safetensors")
    assert len(str(refusal.value).splitlines()) == 1


def test_a_file_that_asks_for_terabytes_ends_its_child_alone(tmp_path: Path) -> None:
    """The old format names the size of a storage, which is allocated before it is read."""
    whole = saved({"w": torch.zeros(1000)}, _use_new_zipfile_serialization=False)
    # 1000 as the pickle of the storage has it: BININT2.
    claimed = whole.replace(b"M\xe8\x03", b"\x8a\x05" + (10**12 // 4).to_bytes(5, "little"))
    assert claimed != whole
    path = tmp_path / "huge.pt"
    path.write_bytes(claimed)
    with pytest.raises(CheckpointError, match="damaged"):
        weights_file.read(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no file of weights"),
        (b"Dear bench", "no file of weights"),
        ((2**60).to_bytes(8, "little") + b"{}", "header is damaged or oversized"),
        ((15_000_000).to_bytes(8, "little") + b" " * 15_000_000, "no whole safetensors"),
        (safetensors.torch.save({"a": torch.zeros(4)})[:-8], "no whole safetensors"),
        (
            safetensors.torch.save({"a": torch.tensor([1.0, float("nan")])}),
            "NaN or infinite, the first in 'a'",
        ),
        (safetensors.torch.save({}), "no weights|no whole"),
    ],
)
def test_files_that_are_refused(content: bytes, said: str, tmp_path: Path) -> None:
    oversized = content[:8] == (2**60).to_bytes(8, "little")
    path = tmp_path / ("my.safetensors" if oversized else "my.bin")
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=said):
        weights_file.read(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"There is no file gone\.pt"):
        weights_file.read(tmp_path / "gone.pt")
    with pytest.raises(CheckpointError, match="There is no file"):
        weights_file.read(tmp_path)


@given(st.binary(max_size=400))
def test_junk_is_one_line(content: bytes) -> None:
    """Nothing but our own error, whatever the bytes; what begins like a pickle is read in this process."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpickling, "_bound_memory", lambda size: None)
        path = Path(folder, "junk.pt")
        for start in (b"", b"\x80\x02", b"PK\x03\x04"):
            path.write_bytes(start + content)
            with pytest.raises(unpickling.Refused):
                unpickling.convert(path, Path(folder, "out"))
        path.write_bytes(b"\x00" + content)
        with pytest.raises(CheckpointError):
            weights_file.read(path)
