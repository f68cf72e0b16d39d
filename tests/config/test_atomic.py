import os
import resource
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cnnviz import atomic
from cnnviz.workspace import ROOT


def test_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"old", memoryview(b"new")):
        atomic.replace(path, content)
        assert path.read_bytes() == bytes(content)
    assert list(tmp_path.iterdir()) == [path]


def test_other_users_may_read_what_the_umask_allows(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.umask(0o027); from pathlib import Path\n"
        "from cnnviz import atomic; atomic.replace(Path(sys.argv[1]), b'x')"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "file")], cwd=ROOT, check=True)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_file_too_large_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic.replace(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            atomic.replace(path, bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_name_changes_only_after_the_content_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "file", []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        seen.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    atomic.replace(path, b"x")
    assert seen == [(False, False), (True, True)]


def test_threads_that_write_the_same_file_do_not_meet(tmp_path: Path) -> None:
    path, faults = tmp_path / "file", []
    contents = [bytes([number]) * 20_000 for number in range(4)]

    def write(content: bytes) -> None:
        try:
            for _ in range(30):
                atomic.replace(path, content)
                assert path.read_bytes() in contents
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert list(tmp_path.iterdir()) == [path]


def test_remains_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".last.state.17.99.new").touch()
    (tmp_path / "last.state").touch()
    (tmp_path / "notes.new").touch()
    atomic.remove_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.state", "notes.new"]
    atomic.remove_unfinished(tmp_path / "missing")
