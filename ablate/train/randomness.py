"""Where every random number of a trial comes from: its seed and its purpose, and nothing else.

Separate streams keep compared cells fair: cells of the same seed see the same images in the same order with the same
crops, and start from the same weights where their parameters agree, whatever else differs between them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Streams:
    """One generator per purpose. Dropout and stochastic depth draw from PyTorch's global one, seeded by `noise`."""

    init: Generator
    order: Generator
    augmentation: Generator  # on the training device
    crops: int  # seeds of what is random in reading images from files
    noise: int


def open_streams(seed: int, device: torch.device) -> Streams:
    """The streams of a trial, at their beginning."""
    return Streams(
        init=Generator().manual_seed(derive_seed(seed, "init")),
        order=Generator().manual_seed(derive_seed(seed, "order")),
        augmentation=Generator(device).manual_seed(derive_seed(seed, "augmentation")),
        crops=derive_seed(seed, "crops"),
        noise=derive_seed(seed, "noise"),
    )


def derive_seed(seed: int, purpose: str) -> int:
    """63 bits, unrelated for different seeds or purposes."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{purpose}".encode()).digest()[:8], "big") >> 1


def read_states(streams: Streams, device: torch.device) -> dict[str, Tensor]:
    """How far every stream has been drawn, by `stream.` and its name; bytes."""
    states = {f"stream.{name}": generator.get_state() for name, generator in _generators(streams, device).items()}
    return states | {"stream.noise": torch.get_rng_state()}


def write_states(states: Mapping[str, Tensor], streams: Streams, device: torch.device) -> None:
    """Bring every stream to where it was when `read_states` was called."""
    for name, generator in _generators(streams, device).items():
        generator.set_state(states[f"stream.{name}"])
    torch.set_rng_state(states["stream.noise"])


def _generators(streams: Streams, device: torch.device) -> dict[str, Generator]:
    generators = {"init": streams.init, "order": streams.order, "augmentation": streams.augmentation}
    if device.type == "cuda":  # where dropout draws there
        generators["noise-cuda"] = torch.cuda.default_generators[device.index or 0]
    return generators
