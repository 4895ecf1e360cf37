"""What the hardware can do: the peak of its arithmetic, the bandwidth of its memory, and what a step needs of that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ablate.model import build
from ablate.spec.architecture.network import Network

Work = Callable[[], Any]


def repeat(work: Work) -> Iterator[None]:
    while True:
        work()
        yield


def product_size(device: torch.device) -> int:
    """The side of matrices whose product shows the peak."""
    return 8192 if device.type == "cuda" else 2048


def multiply(device: torch.device) -> Iterator[None]:
    """Products of two such matrices."""
    a, b = (torch.randn(2 * [product_size(device)], device=device) for _ in range(2))
    return repeat(lambda: a @ b)


def measure_peak(device: torch.device, wait: Work) -> float:
    """Operations per second of such products, two for each multiply-add; the best of several."""
    products = multiply(device)
    return 2 * product_size(device) ** 3 / best(lambda: next(products), wait)


def measure_bandwidth(device: torch.device, wait: Work) -> float:
    """Bytes per second, read and written, of a copy that no cache holds."""
    source = torch.empty((2 if device.type == "cuda" else 1) * 2**28, dtype=torch.float32, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / best(lambda: target.copy_(source), wait)


def best(work: Work, wait: Work) -> float:
    seconds = []
    for _ in range(6):
        wait()
        start = time.perf_counter()
        work()
        wait()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def kept_bytes(network: Network, batch_size: int, device: torch.device) -> int:
    """What autograd keeps of a forward pass, every storage once."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    module = build(network).to(device, memory_format=torch.channels_last).train()
    images = torch.randn(batch_size, *network.input, device=device).contiguous(memory_format=torch.channels_last)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = F.cross_entropy(module(images), torch.zeros(batch_size, dtype=torch.int64, device=device))
        assert loss.requires_grad
    return sum(kept.values())
