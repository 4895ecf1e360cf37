"""The compiler's second product: the explicit form, once, as one network of several members."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from ablate.model.compiler import Parts, compile_network
from ablate.model.fusion.layers import concatenate
from ablate.model.fusion.table import fused_operations
from ablate.model.network import Network
from ablate.model.unit import Unit
from ablate.spec.architecture import network as explicit


class FusedUnit(Unit):
    """A unit of several members: joins are element by element but for `concat`, which joins each member's own."""

    def __init__(self, *parts: nn.Module, members: int) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]
        self.members = members

    def combine(self, outputs: dict[str, Tensor]) -> Tensor:
        if self.join == "concat":
            return concatenate(list(outputs.values()), self.members)
        return super().combine(outputs)


def build_fused(network: explicit.Network, members: int, device: torch.device, dtype: torch.dtype) -> Network:
    """`(N, members * C, H, W)` images -> `(N, members * classes)` logits; every weight undefined until `adopt`.

    Channels of a member lie side by side, its classes too. The names in the state_dict are those of one member, with
    the members outermost in the first dimension: `stem.0.weight` is `(members * C', C / groups, K, K)`.

    Raises:
        AblateError: an operation has no fused form; `ablate.spec.study.fusion` knows which.
    """
    parts = Parts(fused_operations(members), partial(FusedUnit, members=members))
    with torch.device("meta"):
        module = compile_network(network, parts)
    return module.to(dtype).to_empty(device=device).to(memory_format=torch.channels_last)
