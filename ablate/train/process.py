"""The state of the process that a result may depend on, brought to the same point before every trial.

A reused process keeps threads, flags and the random state of whatever ran before. Within `fresh_state` they are ours;
afterwards they are the caller's again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ablate.train.memory import keep_freed


@contextmanager
def fresh_state(device: torch.device, threads: int, seed: int) -> Iterator[None]:
    """Threads, float32 precision, default dtype, deterministic algorithms and the global random state.

    Bits on a CPU depend on `threads`: sums of gradients over the batch are split among them. On a GPU some kernels
    add in no fixed order, and only the streams of random numbers repeat.
    """
    devices = [device] if device.type == "cuda" else []
    if device.type == "cpu":
        keep_freed()
    before = _read()
    with torch.random.fork_rng(devices), torch.enable_grad():
        try:
            _write(threads, torch.float32, "highest", device.type == "cpu", False)
            torch.manual_seed(seed)
            yield
        finally:
            _write(*before)


def _read() -> tuple[int, torch.dtype, str, bool, bool]:
    return (
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.get_float32_matmul_precision(),
        torch.are_deterministic_algorithms_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
    )


def _write(threads: int, dtype: torch.dtype, precision: str, deterministic: bool, fill: bool) -> None:
    torch.set_num_threads(threads)
    torch.set_default_dtype(dtype)
    torch.set_float32_matmul_precision(precision)
    torch.use_deterministic_algorithms(deterministic)
    torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
