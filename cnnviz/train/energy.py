"""Energy that a machine has used, where it tells: the processor's own counters on Linux, and NVIDIA's on a GPU."""

import ctypes
from collections.abc import Callable
from pathlib import Path

import torch

POWERCAP = Path("/sys/class/powercap")
"""Where Linux shows the counters of processors (RAPL). Many systems let the administrator alone read them."""
_NVML = "libnvidia-ml.so.1"


class EnergyMeter:
    """Counts joules of the whole processor, whatever else runs on it, and of the GPU that trains."""

    def __init__(self, device: str = "cpu", *, powercap: Path = POWERCAP) -> None:
        self._counters = _processors(powercap)
        if device == "cuda" and (gpu := _gpu()) is not None:
            self._counters.append(_Counter(gpu))
        self.lap()

    def lap(self) -> float:
        """Joules since it was called last; 0 where the machine does not tell."""
        return sum(counter.lap() for counter in self._counters)


class _Counter:
    """A number of joules that only grows, but for beginning anew after `span`."""

    def __init__(self, read: Callable[[], float], span: float = 0.0) -> None:
        self._read, self._span = read, span
        self._last = read()

    def lap(self) -> float:
        try:
            now = self._read()
        except (OSError, ValueError):
            return 0.0
        passed = now - self._last
        self._last = now
        return max(0.0, passed if passed >= 0 else passed + self._span)


def _processors(powercap: Path) -> list[_Counter]:
    """One counter a processor; none where there are none, or they can't be read."""
    found = []
    for domain in sorted(powercap.glob("intel-rapl:*")):
        try:
            if (domain / "name").read_text().startswith("package"):  # else a part of it, or all around it
                span = float((domain / "max_energy_range_uj").read_text()) / 1e6
                found.append(_Counter(_reader(domain / "energy_uj"), span))
        except (OSError, ValueError):
            continue
    return found


def _reader(path: Path) -> Callable[[], float]:
    return lambda: float(path.read_text()) / 1e6


def _gpu() -> Callable[[], float] | None:
    """Reads the joules of the present GPU since its driver was loaded; None where that is not told.

    NVML comes with the driver: it needs no package.
    """
    try:
        nvml = ctypes.CDLL(_NVML)
        handle, used = ctypes.c_void_p(), ctypes.c_ulonglong()
        uuid = f"GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}".encode()
        if nvml.nvmlInit_v2() or nvml.nvmlDeviceGetHandleByUUID(uuid, ctypes.byref(handle)):
            return None
        if nvml.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(used)):
            return None
    except (OSError, AttributeError, RuntimeError, AssertionError):
        return None

    def read() -> float:
        if nvml.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(used)):
            raise OSError("NVML does not answer.")
        return used.value / 1000

    return read
