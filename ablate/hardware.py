"""What this machine has for trials, asked of the system itself: importing PyTorch to ask it would take seconds."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
NVIDIA = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Hardware:
    """What the time of a training step depends on beside the trial; named as in the `environment` of a record."""

    device: str  # cpu | cuda | mps
    device_name: str  # e.g. `NVIDIA H200`
    threads: int  # of PyTorch, per trial
    torch: str  # version, with its build


def find_hardware(device: str = "auto", threads: int = 1) -> Hardware:
    """What a trial with this `--device` and so many threads would train on here."""
    version, has_cuda = read_torch()
    gpus = gpu_names() if has_cuda else []
    kind = device.partition(":")[0] if device != "auto" else "cuda" if gpus else "cpu"
    return Hardware(kind, gpus[0] if kind == "cuda" and gpus else cpu_name(), threads, version)


@cache
def read_torch() -> tuple[str, bool]:
    """The version of the PyTorch that would be imported, with its build, and whether it was built for CUDA."""
    found = find_spec("torch")
    folders = found.submodule_search_locations if found else None
    text = (Path(folders[0]) / "version.py").read_text() if folders else ""
    version = re.search(r"^__version__ = '(.+)'", text, re.MULTILINE)
    return version[1] if version else "unknown", bool(re.search(r"^cuda\b.*= '", text, re.MULTILINE))


@cache
def cpu_name() -> str:
    """The processor's own name, e.g. `AMD EPYC 9454 48-Core Processor`."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def gpu_names() -> list[str]:
    """Of the NVIDIA GPUs that this process may see."""
    files = sorted(NVIDIA.glob("*/information"))
    models = [re.search(r"^Model:\s*(.+)$", file.read_text(), re.MULTILINE) for file in files]
    names = [model[1].strip() if model else "GPU" for model in models] or _ask_driver("name")  # which takes longer
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return names
    shown = [word.strip() for word in visible.split(",")]
    return [names[int(word) if word.isdigit() else 0] for word in shown if _names_one_of(names, word)]


def _names_one_of(names: list[str], word: str) -> bool:
    """Whether a word of $CUDA_VISIBLE_DEVICES, an index or a UUID, is a GPU of ours."""
    return int(word) < len(names) if word.isdigit() else bool(names) and word.startswith(("GPU-", "MIG-"))


def free_gpu_memory() -> int | None:
    """Bytes that are free on the fullest GPU of this machine; None where the driver does not say."""
    free = [int(number) for number in _ask_driver("memory.free") if number.isdigit()]
    return min(free) * 2**20 if free else None


def _ask_driver(what: str) -> list[str]:
    """A line for every GPU; none without a driver."""
    command = ["nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader,nounits"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return []


def num_cpus(control_group: Path | None = None) -> int:
    """CPUs that this process may use: those of the machine, unless a batch job or a container was given fewer."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = []
    for group in control_groups(control_group):
        quota, _, period = _read(group / "cpu.max").partition(" ")
        quotas += [int(quota) / int(period)] if quota.isdigit() else []
    return max(1, int(min([affinity, *quotas])))


def available_memory(control_group: Path | None = None) -> int | None:
    """Bytes that new processes may take before something is swapped out or killed; None where that is not known."""
    found = re.search(r"^MemAvailable:\s*(\d+) kB", _read(Path("/proc/meminfo")), re.MULTILINE)
    free = [int(found[1]) * 1024] if found else []
    for group in control_groups(control_group):
        limit, used = _read(group / "memory.max"), _read(group / "memory.current")
        cached = re.search(r"^inactive_file (\d+)$", _read(group / "memory.stat"), re.MULTILINE)  # given up on demand
        if limit.isdigit() and used.isdigit():
            free.append(max(0, int(limit) - int(used) + (int(cached[1]) if cached else 0)))
    return min(free, default=None)


def control_groups(own: Path | None = None) -> list[Path]:
    """Folders of the control groups (version 2) that bound this process, its own one first."""
    root = Path("/sys/fs/cgroup")
    if own is None:
        path = re.search(r"^0::/(.*)$", _read(Path("/proc/self/cgroup")), re.MULTILINE)
        own = root / (path[1] if path else "")
    return [own, *(parent for parent in own.parents if parent.is_relative_to(root))]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
