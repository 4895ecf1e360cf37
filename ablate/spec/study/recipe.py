"""What a network is trained on and how: the `data:` and `train:` sections, with the papers' defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Pair = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=2, max_length=2)]
HANDLING = frozenset({"root", "loading", "holds"})  # keys of `data` on where and how images are read, not on which


class Section(BaseModel):
    """A section of a specification: unknown keys and silent conversions are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Augment(Section):
    """Random changes to training images only, drawn anew for each image and epoch."""

    crop: Literal["random-resized"] | None = None
    """`random-resized`: a random part of an image file, scaled to `size` (Szegedy et al. 2015; torchvision's)."""
    area: Pair | None = None
    """For `crop`: the part's area lies between these fractions of the image's; default: [0.08, 1]."""
    ratio: Pair | None = None
    """For `crop`: the part's width by its height lies between these; default: [3/4, 4/3]."""
    scale: Annotated[tuple[Positive, ...], Field(min_length=2, max_length=2)] | None = None
    """An image file's shorter side is scaled to a random length between these, in pixels, and a random square of
    `size` cut from it (He et al. 2015, sec. 3.4: [256, 480])."""
    pad: Annotated[int, Field(ge=0)] = 0
    """Pixels of zero padding on every side before a random crop back to the original size (He et al. 2015: 4)."""
    flip: bool = False
    """Mirror left and right with probability one half."""
    color: Literal["pca"] | None = None
    """`pca`: shift an image's colours along the principal components of all training pixels (Krizhevsky et al. 2012,
    sec. 4.1)."""
    cutout: Annotated[int, Field(ge=0)] = 0
    """Side of a square of zeros at a random place, in pixels (DeVries and Taylor 2017); 0 for none."""


class Testing(Section):
    """How the test images are seen once training has ended; the curves by epoch see the central square alone."""

    crops: Literal[1, 10] = 1
    """1: the central square. 10: also the four corners of the image scaled to `resize`, and all five mirrored
    (Krizhevsky et al. 2012, sec. 4.1); their class probabilities are averaged."""
    scales: tuple[Positive, ...] = ()
    """Whole images with their shorter side scaled to each of these, as they are and mirrored; the network is applied
    fully convolutionally and class probabilities are averaged (He et al. 2015, sec. 3.4: 224, 256, 384, 480, 640)."""


class Holds(Section):
    """What a folder of images holds, so that a study can be read where the images are not."""

    classes: Annotated[int, Field(ge=2)]
    """Number of classes."""
    images: Positive
    """Number of training images."""


class Data(Section):
    """Which images, how they are split, normalised and augmented."""

    dataset: Literal["digits", "cifar10", "cifar100", "svhn", "mnist", "fashion-mnist", "imagenet", "folder"]
    """`digits` is embedded; `folder` is any ImageFolder with train/ and test/ (else val/); `imagenet` is one that
    is known; the others are torchvision's."""
    root: str | None = None
    """Folder that holds the data set; default: $ABLATE_DATA, else ./data. Not part of a trial's identity."""
    size: Positive | None = None
    """Side in pixels of the images as the network sees them; default: their own, of imagenet 224 (needed for
    `folder`)."""
    resize: Positive | None = None
    """Shorter side in pixels to which an image file is scaled before its central square of `size` is cut out; default:
    `size`. (The usual test view on ImageNet is 256.)"""
    loading: Literal["auto", "cached", "streamed"] = "auto"
    """Image files: `cached` decodes them once, `streamed` reads them in every epoch, to the same result; `auto` streams
    for random crops of the files, and sets of more than 8 GiB decoded. Not part of a trial's identity."""
    holds: Holds | None = None
    """What a `folder` holds, so that the study can be read without it. Not part of a trial's identity."""
    validation: Fraction = 0.1
    """Fraction of the training images held out, by a fixed split, for selection; 0 for none."""
    normalise: Literal["per-channel", "per-pixel", "none"] = "per-channel"
    """Subtract the training mean (and divide by the deviation: per-channel only); He et al. 2015 is per-pixel."""
    augment: Augment = Augment()
    """Random changes to training images."""
    testing: Testing = Testing()
    """How test images are seen once training has ended."""

    @property
    def is_files(self) -> bool:
        """Whether the images are files of their own, of any size."""
        return self.dataset in ("imagenet", "folder")


class Train(Section):
    """The recipe: SGD as in He et al. 2015, sec. 3.4 and 4.2, unless changed."""

    epochs: Positive = 30
    """Passes over the training images."""
    batch_size: Positive = 128
    """Images per step."""
    accumulate: Positive = 1
    """Micro-batches per step, whose gradients are added, so that a large network fits into memory; batch normalisation
    then has the statistics of each micro-batch."""
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
