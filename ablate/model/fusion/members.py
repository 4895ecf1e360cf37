"""Between a fused network and its members: the same memory seen in two ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn


@torch.no_grad()
def adopt(fused: nn.Module, members: Sequence[nn.Module]) -> None:
    """Give the fused network the members' weights and statistics, and make theirs views of its own.

    From then on the members train with it: their state_dict, and what they compute, is always the present one.
    """
    states = [dict(_tensors(member)) for member in members]
    for name, tensor in _tensors(fused):
        for state, part in zip(states, parts(tensor, [state[name] for state in states]), strict=True):
            part.copy_(state[name])
            state[name].data = part


def parts(tensor: Tensor, members: Sequence[Tensor]) -> Iterator[Tensor]:
    """A fused tensor's view for every member, in the shape of the member's own; with strides as they were."""
    shape = members[0].shape
    for part in tensor.detach().chunk(len(members)):
        yield part if part.ndim == len(shape) else part.view(shape)


def hand_over_gradients(fused: nn.Module, members: Sequence[nn.Module]) -> None:
    """After a backward pass: the fused network's gradients become its members', and no longer its own."""
    own = [dict(member.named_parameters()) for member in members]
    for name, parameter in fused.named_parameters():
        theirs = [parameters[name] for parameters in own]
        gradients = [None] * len(theirs) if parameter.grad is None else parts(parameter.grad, theirs)
        for part, gradient in zip(theirs, gradients, strict=True):
            part.grad = gradient
        parameter.grad = None


def _tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()
