"""What the tests of the model share: weights copied by order and shape, and batch statistics that matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def randomise() -> Callable[[nn.Module], nn.Module]:
    """Give every normalisation statistics and an affine map of its own, so that a forgotten one is seen."""

    def fill(module: nn.Module) -> nn.Module:
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.weight, 0.5, 1.5)
                nn.init.normal_(part.bias, std=0.1)
                nn.init.normal_(part.running_mean, std=0.1)
                nn.init.uniform_(part.running_var, 0.5, 1.5)
        return module

    return fill


@pytest.fixture(scope="session")
def copy_weights() -> Callable[[Mapping[str, Tensor], Mapping[str, Tensor]], None]:
    """Copy parameters and running statistics from one state_dict to another, in order; shapes must agree."""

    def copy(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
        values, places = list(source.values()), list(target.values())
        assert [value.shape for value in values] == [place.shape for place in places]
        for value, place in zip(values, places, strict=True):
            place.copy_(value)

    return copy
