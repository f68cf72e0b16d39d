"""A network goes out as PyTorch's exported program, and says the same there and back here."""

import io
from pathlib import Path

import pytest
import torch

from cnnviz.report.takeaway import FILES, content
from cnnviz.runs.network_source import opened
from cnnviz.runs.run import Run
from tests.conftest import Bench

pytestmark = pytest.mark.slow


def test_it_says_the_same_without_the_bench_and_comes_back(
    bench: Bench, looked_into: Run, tmp_path: Path
) -> None:
    from cnnviz.runs import import_settings, importing
    from cnnviz.runs.network_file import examine

    saved = content(FILES["program"], looked_into)
    program = torch.export.load(io.BytesIO(saved))
    images = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = program.module()(images)
        assert torch.equal(found, opened(looked_into.id)[1](images))
    file = tmp_path / FILES["program"].name(looked_into)
    assert file.suffix == ".pt2"
    file.write_bytes(saved)
    read = examine(file)
    back = importing.from_file(read, import_settings.usual(read))
    with torch.no_grad():
        assert torch.equal(opened(back.id)[1](images), found)
