"""docs/library.md: every example is run, and prints what the page says."""

import io
import re
import shutil
from contextlib import redirect_stdout

import pytest

from cnnviz.workspace import ROOT
from tests.conftest import Bench

pytestmark = pytest.mark.slow


def test_the_examples_print_what_the_page_says(bench: Bench, one_thread: None) -> None:
    for name in ("mnist-mlp", "cifar10-resnet18"):
        shutil.copytree(ROOT / "checkpoints" / name, bench.checkpoints / name)
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```\n```\n(.*?)```", page, flags=re.DOTALL)
    assert len(examples) == page.count("```python") >= 5
    names: dict[str, object] = {}
    for code, printed in examples:
        with redirect_stdout(io.StringIO()) as said:
            exec(code, names)  # noqa: S102
        assert said.getvalue() == printed, code
