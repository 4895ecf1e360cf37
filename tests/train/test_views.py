"""Each way of seeing an image file, held against torchvision's per-image transforms."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import chisquare, ks_2samp
from torch import Tensor
from torchvision import transforms
from torchvision.transforms.functional import pil_to_tensor

from ablate.train.data.request import Request, read_now
from ablate.train.data.views import Center, RandomResized, RandomScale, TenCrop, View, Whole


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """Red rises to the right and green downwards, so that what is cut out tells where it was."""
    x, y = np.meshgrid(np.linspace(0, 255, 80), np.linspace(0, 255, 60))
    pixels = np.stack([x, y, (x + y) / 2], axis=2).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def read(file: str, view: View, seed: int | None = None) -> Tensor:
    ((_, pixels),) = read_now([Request(file, view, seed)])
    return pixels[0]


@pytest.mark.parametrize("resize", [16, 24])
def test_the_centre_is_that_of_torchvision(resize: int, photo: str) -> None:
    theirs = transforms.Compose([transforms.Resize(resize), transforms.CenterCrop(16)])
    assert read(photo, Center(16, resize)).equal(pil_to_tensor(theirs(Image.open(photo))))


@pytest.mark.parametrize("seed", range(20))
def test_a_random_resized_crop_is_that_of_torchvision(seed: int, photo: str) -> None:
    """From the same state of the generator, so the two have the same distribution."""
    theirs = transforms.RandomResizedCrop(16, scale=(0.2, 0.9), ratio=(0.5, 2.0))
    torch.manual_seed(seed)
    expected = pil_to_tensor(theirs(Image.open(photo)))
    assert read(photo, RandomResized(16, (0.2, 0.9), (0.5, 2.0)), seed).equal(expected)


def by_hand(file: str) -> Tensor:
    """He et al. 2015, sec. 3.4, for one image, with nothing of ours and nothing of torchvision's."""
    picture = Image.open(file)
    side = random.randint(20, 40)
    width, height = (int(side * length / min(picture.size)) for length in picture.size)
    picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    left, top = random.randint(0, width - 16), random.randint(0, height - 16)
    return torch.from_numpy(np.array(picture.crop((left, top, left + 16, top + 16)))).permute(2, 0, 1)


def test_scale_augmentation_has_the_distribution_of_one_written_by_hand(photo: str) -> None:
    random.seed(0)
    num = 1_500
    ours = torch.stack([read(photo, RandomScale(16, 20, 40), seed) for seed in range(num)]).double()
    theirs = torch.stack([by_hand(photo) for _ in range(num)]).double()
    for measure in (
        lambda images: images[:, 0].mean((1, 2)),  # where it was cut from, across
        lambda images: images[:, 1].mean((1, 2)),  # and down
        lambda images: images[:, 0, :, -1].mean(1) - images[:, 0, :, 0].mean(1),  # how far it was scaled
    ):
        assert ks_2samp(measure(ours), measure(theirs)).pvalue > 1e-3


def test_every_scale_is_as_likely(photo: str) -> None:
    """A square image cut at its own scale is the image at that scale, so the scale can be read off."""
    square = Path(photo).with_name("square.png")
    Image.open(photo).crop((0, 0, 60, 60)).save(square)
    outcomes = [pil_to_tensor(transforms.Resize(side)(Image.open(square))) for side in range(20, 26)]
    found = torch.zeros(6)
    for seed in range(1_200):
        torch.manual_seed(seed)
        side = int(torch.randint(20, 26, ()))
        pixels = read(str(square), RandomScale(20, 20, 25), seed)
        matches = [outcome.unfold(1, 20, 1).unfold(2, 20, 1) for outcome in outcomes]
        scales = [i for i, m in enumerate(matches) if (m == pixels[:, None, None]).all(4).all(3).all(0).any()]
        assert scales == [side - 20]
        found[side - 20] += 1
    assert chisquare(found).pvalue > 1e-3


def test_ten_crops_are_those_of_torchvision(photo: str) -> None:
    theirs = transforms.Compose([transforms.Resize(24), transforms.TenCrop(16)])
    expected = torch.stack([pil_to_tensor(crop) for crop in theirs(Image.open(photo))])
    assert read(photo, TenCrop(16, 24)).equal(expected)


def test_whole_images_keep_their_shape(photo: str) -> None:
    pixels = read(photo, Whole(30))
    expected = pil_to_tensor(transforms.Resize(30)(Image.open(photo)))
    assert pixels.shape == (2, 3, 30, 40)
    assert pixels[0].equal(expected)
    assert pixels[1].equal(expected.flip(2))


def test_reading_leaves_the_generator_where_it_was(photo: str) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    read(photo, RandomScale(16, 20, 40), 1)
    assert torch.rand(3).equal(expected)
