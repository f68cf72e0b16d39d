"""What was measured on: the machine, the versions, and how quiet it was."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil
import torch

from cnnviz.runs import memory
from cnnviz.workspace import ROOT

_PACKAGES = ("torch", "torchvision", "numpy", "pillow", "streamlit", "matplotlib", "playwright")
QUIET = 0.1
"""Cores that other processes may keep busy on a machine that counts as quiet."""


def facts() -> dict[str, str]:
    """The machine and the versions, in words, by what they are."""
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return {
        "Machine": f"{_processor()}, {cores()} cores, {memory:.0f} GiB memory, {_device()}",
        "System": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "Versions": f"{packages}; cnnviz {_commit()}",
        "Threads": f"{torch.get_num_threads()} for torch, on both sides",
        "Memory": "freed blocks are kept (GLIBC_TUNABLES) where we train, as in every run of ours; "
        "not in the tutorial's process, nor in the app's",
    }


def usual_environment() -> dict[str, str]:
    """This process's environment without what a worker's memory needs: for what is not a worker of ours."""
    ours = memory.environment()
    return {name: value for name, value in os.environ.items() if name not in ours}


def use_all_cores() -> None:
    """Let torch compute on every core that this process may use."""
    torch.set_num_threads(cores())


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def busy_cores(seconds: float = 1.0) -> float:
    """Cores kept busy by whatever else runs, seen while this process sleeps."""
    return psutil.cpu_percent(interval=seconds) / 100 * (os.cpu_count() or 1)


def load() -> str:
    """The load averages over 1, 5 and 15 minutes."""
    return ", ".join(f"{value:.2f}" for value in os.getloadavg())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name} ({torch.backends.cpu.get_cpu_capability()})"


def _device() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        changed = " and changes" if git("status", "--porcelain", "--untracked-files=no") else ""
        return git("rev-parse", "--short", "HEAD") + changed
    except (OSError, subprocess.CalledProcessError):
        return version("cnnviz")
