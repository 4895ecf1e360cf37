"""The short form's keys: what may be written in each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ablate.spec.architecture.blueprint import MAX_UNITS
from ablate.spec.architecture.operations.arguments import Positive
from ablate.spec.architecture.operations.effect import MAX_CHANNELS
from ablate.spec.architecture.residual import Activation
from ablate.spec.architecture.signature import Says

MAX_DEPTH = 10_000
Depth = Annotated[int, Field(ge=1, le=MAX_DEPTH), Says(f"a whole number from 1 to {MAX_DEPTH:,}")]
Few = Field(strict=False, min_length=1, max_length=32)
Units = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MAX_UNITS)], ...], Few, Says("a list of whole numbers, such as [3, 4, 6, 3]")
]
Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MAX_CHANNELS)], ...], Few, Says("a list of channels, such as [16, 32, 64]")
]
Factor = Annotated[float, Field(gt=0, le=1024), Says("a number above 0, at most 1,024")]


def short_keys(
    *,
    family: Annotated[Literal["cifar", "imagenet"], "stem, stages and head of He et al. 2015, sec. 4.2 or Table 1"],
    depth: Annotated[Depth | None, "weighted layers on the way from image to logits"] = None,
    units: Annotated[Units | None, "units per stage, instead of a depth"] = None,
    block: Annotated[
        str, Says("the name of a block"), "basic, bottleneck, single, or a name under `blocks:`"
    ] = "basic",
    shortcut: Annotated[
        Any,
        "none, identity, projection (option C), conv1x1 (without normalisation), {scale: 0.5, branch: 0.5}, "
        "{gate: exclusive, bias: -6}, {gate: shortcut-only, bias: -6}, {dropout: 0.5} (He et al. 2016, Table 1)",
    ] = "identity",
    resize: Annotated[
        Literal["pad", "projection"] | None,
        "where the shape changes: option A or B of He et al. 2015; default: pad for cifar, projection for imagenet",
    ] = None,
    activation: Annotated[Activation, "order of operations in a unit (He et al. 2016, Fig. 4)"] = "original",
    widths: Annotated[Widths | None, "channels per stage; the stem has the first"] = None,
    width: Annotated[Factor, "factor on the widths of the stages; the stem keeps its own (Wide ResNets)"] = 1.0,
    stride: Annotated[
        Literal["first", "3x3"], "bottleneck: which convolution strides; first as in the papers, 3x3 as in torchvision"
    ] = "first",
    cardinality: Annotated[Positive, "bottleneck: groups of the 3x3 convolution (ResNeXt)"] = 1,
    bottleneck_width: Annotated[
        Positive, "bottleneck: channels per group of the 3x3 convolution in a stage of 64 channels (torchvision)"
    ] = 64,
    stem: Annotated[Any, "operations ahead of the first unit; default: the family's"] = None,
    head: Annotated[Any, "operations from the last unit to the logits; default: the family's"] = None,
    input: Annotated[Any, "[channels, height, width] of an image; default: as the data set, or the family's"] = None,
    classes: Annotated[Positive | None, "default: as the data set, or the family's"] = None,
) -> None:
    """The keys of a short form."""
