"""The doctor's page, without a browser, where something is missing."""

import pytest

from cnnviz.runs.run import Run
from tests.pages.test_pages import open_page, words

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("content", [b"", b"not a network", None], ids=["empty", "other", "cut off"])
def test_a_damaged_snapshot_leaves_what_the_files_tell(
    finished: Run, tiny_data: str, content: bytes | None
) -> None:
    path = finished.folder / "snapshots" / "last.safetensors"
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    app = open_page("doctor", run=finished.id, snapshot="last")
    assert not app.exception
    (error,) = [one.value for one in app.error]
    assert "last.safetensors" in error
    assert " checks" in app.header[0].value
    assert "Learning rate too high: nothing found" in words(app)
    assert "Dead ReLUs: could not be checked, since" in words(app)
    assert not any(one.key == "examine" for one in app.button)
    # The other snapshots of the run are a click away, and whole.
    app = open_page("doctor", run=finished.id, snapshot="epoch_0001")
    assert not app.error
    assert any(one.key == "examine" for one in app.button)
