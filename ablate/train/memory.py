"""How much memory a trial needed at its highest."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from contextlib import suppress
from pathlib import Path

import torch

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt(3)
_LARGEST = 2**30  # bytes; no tensor of a step that a CPU computes in reasonable time is larger


def reset_peak(device: torch.device) -> None:
    """Forget earlier trials of this process, where the system can (Linux, CUDA)."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif _RESET.exists():
        _trim()
        _RESET.write_text("5")  # proc(5): the peak resident set becomes the present one


def give_back() -> None:
    """Return what earlier trials have freed to the system, where that can be asked for (glibc, CUDA)."""
    gc.collect()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()
    _trim()


def keep_freed() -> None:
    """From now on, what a step frees is there for the next one, instead of going back to the system page by page.

    On a CPU that is a tenth of the time of a step (glibc, benchmarks/training.py). `give_back` still returns it.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_TRIM_THRESHOLD, 2 * _LARGEST - 1)
        if not libc.mallopt(_MMAP_THRESHOLD, _LARGEST):  # an older glibc takes no more than this
            libc.mallopt(_MMAP_THRESHOLD, 2**25)


def _trim() -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def peak_bytes(device: torch.device) -> int:
    """CUDA: the most memory held by tensors. CPU: the largest resident set of the whole process, torch included."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if _STATUS.exists():
        return _read_status("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def shared_bytes(device: torch.device) -> int:
    """CPU: the part of the resident set that are files, PyTorch's own code above all; one copy serves all processes."""
    return _read_status("RssFile") if device.type == "cpu" and _STATUS.exists() else 0


def _read_status(name: str) -> int:
    """A figure of proc(5), in bytes."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
