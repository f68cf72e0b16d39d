import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnviz.runs import lease


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lease"


@pytest.fixture
def child(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has been given the lease, and then holds it alone."""
    descriptor = lease.take(path)
    assert descriptor is not None
    process = subprocess.Popen(["sleep", "60"], pass_fds=[descriptor])
    lease.name(descriptor, process.pid)
    os.close(descriptor)
    yield process
    process.kill()
    process.wait()


def test_held_as_long_as_its_holder_lives(path: Path, child: subprocess.Popen[bytes]) -> None:
    assert lease.held(path)
    assert lease.holder(path) == child.pid
    assert lease.take(path, patience=0.05) is None
    child.kill()
    start = time.monotonic()
    while lease.held(path):
        assert time.monotonic() - start < 1
    assert lease.holder(path) is None
    descriptor = lease.take(path)
    assert descriptor is not None
    os.close(descriptor)


def test_no_file_is_not_held(path: Path) -> None:
    assert not lease.held(path)
    assert lease.holder(path) is None
    assert not path.exists()


def test_an_earlier_holders_id_is_forgotten(path: Path) -> None:
    """Else a worker that has not signed yet could get a stranger killed who was given that id since."""
    descriptor = lease.take(path)
    assert descriptor is not None
    lease.sign(descriptor)
    assert lease.holder(path) == os.getpid()
    os.close(descriptor)
    descriptor = lease.take(path)
    assert descriptor is not None
    assert lease.held(path)
    assert lease.holder(path) is None
    os.close(descriptor)


@pytest.mark.parametrize("content", [b"", b" " * 30, b"not a number", b"-5", b"\x00" * 99, "٣".encode()])
def test_a_lease_without_an_id(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert lease.holder(path) is None
    os.close(descriptor)


def test_reserve_is_given_back_and_the_id_stays(path: Path) -> None:
    descriptor = lease.take(path)
    assert descriptor is not None
    lease.sign(descriptor)
    assert path.stat().st_blocks * 512 >= 1 << 16
    lease.give_reserve(descriptor)
    assert path.stat().st_blocks * 512 <= 1 << 13
    assert lease.holder(path) == os.getpid()
    os.close(descriptor)


def test_those_who_look_do_not_keep_anyone_from_taking(path: Path) -> None:
    path.touch()
    over, seen = threading.Event(), []

    def look() -> None:
        while not over.is_set():
            seen.append(lease.held(path))

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for looker in lookers:
        looker.start()
    taken = []
    for _ in range(100):
        descriptor = lease.take(path, patience=5)
        taken.append(descriptor is not None)
        if descriptor is not None:
            assert lease.held(path)
            os.close(descriptor)
    over.set()
    for looker in lookers:
        looker.join()
    assert all(taken)
    assert seen


def test_one_of_many_takes_it(path: Path) -> None:
    taken: list[int | None] = []
    line = threading.Barrier(8)

    def take() -> None:
        line.wait()
        taken.append(lease.take(path, patience=0.05))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [descriptor for descriptor in taken if descriptor is not None]
    assert len(winners) == 1
    os.close(winners[0])


def test_a_lease_is_not_passed_on_unasked(path: Path) -> None:
    descriptor = lease.take(path)
    assert descriptor is not None
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    os.close(descriptor)
    assert not lease.held(path)
    process.kill()
    process.wait()


def test_locked_is_for_one_at_a_time(path: Path) -> None:
    inside: list[int] = []

    def enter() -> None:
        for _ in range(20):
            with lease.locked(path):
                inside.append(1)
                assert sum(inside) == 1
                time.sleep(0.0005)
                inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not inside
