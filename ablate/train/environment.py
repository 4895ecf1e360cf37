"""What a result was made with: versions, device, threads, and the commit of the folder the study runs in."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ablate.hardware import cpu_name


def describe_environment(
    device: torch.device, threads: int, workers: int = 1, is_compiled: bool = False
) -> dict[str, Any]:
    """Plain values for a record; `git_commit` ends in `+` with uncommitted changes; None outside a repository."""
    return {
        **_versions(),
        "device": device.type,
        "device_name": device_name(device),
        "threads": threads,
        "workers": workers,
        "compiled": is_compiled,
        "git_commit": git_commit(Path.cwd()),
    }


@cache
def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "ablate": version("ablate"),
        "torch": torch.__version__,  # with its build, which the package's metadata leave out
        "torchvision": version("torchvision"),
    }


@cache
def device_name(device: torch.device) -> str:
    """The processor's own name, e.g. `NVIDIA H200`."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()


@cache
def git_commit(folder: Path) -> str | None:
    """The checkout's commit."""
    try:
        commit, changes = (_git(folder, *command) for command in (("rev-parse", "HEAD"), ("status", "--porcelain")))
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+" if changes else "")


def _git(folder: Path, *command: str) -> str:
    result = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True, timeout=5)
    return result.stdout.strip()
