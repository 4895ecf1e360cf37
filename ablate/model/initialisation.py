"""Initial weights: the rule of He et al. 2015b (arXiv 1502.01852), sec. 2.2, in both directions, or PyTorch's own."""

from __future__ import annotations

import math
from typing import Literal, cast

from torch import Generator, nn

from ablate.model.operations.convolution import Convolution

Rule = Literal["he-fan-out", "he-fan-in", "torch"]


def initialise(module: nn.Module, rule: Rule, generator: Generator | None = None) -> None:
    """Draw every weight of the module anew, in the order of its parts, and reset running statistics.

    | rule | convolution weight | convolution bias | linear weight | linear bias |
    |---|---|---|---|---|
    | he-fan-out | N(0, 2 / (kernel^2 C_out / groups)) | 0 | U(-1/sqrt(F), 1/sqrt(F)) | 0 |
    | he-fan-in | N(0, 2 / (kernel^2 C_in / groups)) | 0 | U(-1/sqrt(F), 1/sqrt(F)) | 0 |
    | torch | U(-1/sqrt(fan-in), 1/sqrt(fan-in)) | the same | U(-1/sqrt(F), 1/sqrt(F)) | the same |

    he-fan-out is fb.resnet.torch's rule and torchvision's (whose linear bias is PyTorch's). A convolution's own
    `bias_init` goes before its rule; everything else starts at its constant. Equal generators give equal weights.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            _fill_convolution(part, rule, generator)
        elif isinstance(part, nn.Linear):
            _fill_uniform(part, generator)
            if rule != "torch" and part.bias is not None:
                nn.init.zeros_(part.bias)
        elif callable(reset := getattr(part, "reset_parameters", None)):
            reset()


def _fill_convolution(part: nn.Conv2d, rule: Rule, generator: Generator | None) -> None:
    bias_init = part.bias_init if isinstance(part, Convolution) else None
    if rule == "torch":
        _fill_uniform(part, generator)
    else:
        mode = cast(Literal["fan_in", "fan_out"], rule.removeprefix("he-").replace("-", "_"))
        nn.init.kaiming_normal_(part.weight, mode=mode, nonlinearity="relu", generator=generator)
    if part.bias is not None and (rule != "torch" or bias_init is not None):
        nn.init.constant_(part.bias, bias_init or 0.0)


def _fill_uniform(part: nn.Conv2d | nn.Linear, generator: Generator | None) -> None:
    """PyTorch's default for both, weight first."""
    bound = 1 / math.sqrt(part.weight[0].numel())
    for parameter in part.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
