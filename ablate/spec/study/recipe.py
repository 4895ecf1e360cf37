"""What a network is trained on and how: the `data:` and `train:` sections, with the papers' defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class Section(BaseModel):
    """A section of a specification: unknown keys and silent conversions are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Augment(Section):
    """Random changes to training images only, drawn anew for each image and epoch."""

    pad: Annotated[int, Field(ge=0)] = 0
    """Pixels of zero padding on every side before a random crop back to the original size (He et al. 2015: 4)."""
    flip: bool = False
    """Mirror left and right with probability one half."""
    cutout: Annotated[int, Field(ge=0)] = 0
    """Side of a square of zeros at a random place, in pixels (DeVries and Taylor 2017); 0 for none."""


class Data(Section):
    """Which images, how they are split, normalised and augmented."""

    dataset: Literal["digits", "cifar10", "cifar100", "svhn", "mnist", "fashion-mnist", "folder"]
    """`digits` is embedded; `folder` is any ImageFolder with train/ and test/; the others are torchvision's."""
    root: str | None = None
    """Folder that holds the data set; default: $ABLATE_DATA, else ./data. Not part of a trial's identity."""
    size: Positive | None = None
    """Side in pixels to which images are resized; default: their own (needed for `folder`)."""
    validation: Fraction = 0.1
    """Fraction of the training images held out, by a fixed split, for selection; 0 for none."""
    normalise: Literal["per-channel", "per-pixel", "none"] = "per-channel"
    """Subtract the training mean (and divide by the deviation: per-channel only); He et al. 2015 is per-pixel."""
    augment: Augment = Augment()
    """Random changes to training images."""


class Train(Section):
    """The recipe: SGD as in He et al. 2015, sec. 3.4 and 4.2, unless changed."""

    epochs: Positive = 30
    """Passes over the training images."""
    batch_size: Positive = 128
    """Images per step."""
    lr: Annotated[float, Field(gt=0, validation_alias=AliasChoices("lr", "learning_rate"))] = 0.1
    """Learning rate ahead of the first milestone."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Momentum of stochastic gradient descent."""
    nesterov: bool = False
    """Nesterov's momentum."""
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    """This times a parameter is added to its gradient."""
    decay: Literal["all", "weights"] = "all"
    """Which parameters decay: all, or only convolution and linear weights."""
    milestones: tuple[Positive, ...] = ()
    """Epochs after which the learning rate is multiplied by `gamma`."""
    gamma: Annotated[float, Field(gt=0)] = 0.1
    """Factor on the learning rate after each milestone."""
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    """Steps at `warmup_lr` before the schedule starts (He et al. 2016, appendix: 400)."""
    warmup_lr: Annotated[float, Field(gt=0)] = 0.01
    """Learning rate of the warm-up."""
    init: Literal["he-fan-out", "he-fan-in", "torch"] = "he-fan-out"
    """Initial convolution weights: N(0, 2 / fan) (He et al. 2015b), or PyTorch's default."""
    precision: Literal["float32", "bfloat16", "float64"] = "float32"
    """Numbers to compute in; `bfloat16` by autocast, with weights in float32."""
