"""Trials trained by several processes of this machine, joined by gloo as torchrun would join them; without Ray."""

from __future__ import annotations

import os
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import distributed as dist
from torch import multiprocessing as mp


def run_group(work: Callable[..., Any], size: int, folder: Path, *args: Any) -> list[Any]:
    """What `work(group, *args)` returns in each of `size` processes, by rank."""
    folder.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(_join, (size, port, folder, work, args), nprocs=size)
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(size)]


def _join(rank: int, size: int, port: int, folder: Path, work: Callable[..., Any], args: Sequence[Any]) -> None:
    from ablate.train.distributed import Group

    sys.stderr = open(folder / f"{rank}.log", "w")  # noqa: SIM115
    torch.set_num_threads(1)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo"}
    dist.init_process_group("gloo", rank=rank, world_size=size)
    try:
        torch.save(work(Group(rank, size), *args), folder / f"{rank}.pt")
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        dist.destroy_process_group()
