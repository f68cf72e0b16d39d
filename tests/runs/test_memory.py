"""What a training process gets for its memory."""

import os
import platform
import subprocess
import sys

import pytest

from cnnviz.config import RunConfig
from cnnviz.errors import RunError
from cnnviz.runs import control, memory

_FAULTS = """
import resource
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
b"x" * (64 << 20)
before = faults()
for _ in range(4):
    b"x" * (64 << 20)
print(faults() - before)
"""


def _faults(environment: dict[str, str]) -> int:
    done = subprocess.run([sys.executable, "-c", _FAULTS], env=environment, capture_output=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_freed_memory_is_used_again_without_page_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    assert _faults(os.environ | memory.environment()) < 100 < _faults(dict(os.environ))


def test_settings_of_the_users_own_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=3")
    assert memory.environment() == {"GLIBC_TUNABLES": "glibc.malloc.check=3"}


def test_workers_are_started_with_it(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}

    def popen(*_: object, env: dict[str, str], **__: object) -> None:
        given.update(env)
        raise OSError("far enough")

    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(RunError, match="could not be started"):
        control.start(tiny_config)
    assert memory.environment().items() <= given.items()
