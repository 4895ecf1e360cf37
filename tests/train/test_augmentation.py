from __future__ import annotations

from itertools import product

import pytest
import torch
from scipy.stats import chisquare, kstest
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from ablate.spec.study.recipe import Augment
from ablate.train.augmentation import augment, crop, cut_out, flip

PAD = 2
SIDE = 2 * PAD + 1


@pytest.fixture
def image() -> torch.Tensor:
    """(3, 5, 4), every value different and none zero, so that each outcome is told from every other."""
    return torch.arange(1.0, 61).reshape(3, 5, 4)


def outcomes(image: torch.Tensor) -> torch.Tensor:
    """Every (dy, dx, flipped) by torchvision, (SIDE * SIDE * 2, C, H, W)."""
    padded = functional.pad(image, [PAD] * 4)
    crops = [functional.crop(padded, dy, dx, *image.shape[1:]) for dy, dx in product(range(SIDE), repeat=2)]
    return torch.stack([variant for cut in crops for variant in (cut, functional.horizontal_flip(cut))])


def test_every_draw_gives_what_torchvision_gives(image):
    dy, dx, mirrored = (torch.tensor(column) for column in zip(*product(range(SIDE), range(SIDE), (0, 1)), strict=True))
    ours = flip(crop(image.expand(len(dy), -1, -1, -1), PAD, dy, dx), mirrored.bool())
    assert ours.equal(outcomes(image))


def counts(images: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """How often each outcome occurs among the images; none may be anything else."""
    equal = (images[:, None] == outcomes(image)[None]).flatten(2).all(2)
    assert (equal.sum(1) == 1).all()
    return equal.sum(0)


def test_every_outcome_is_equally_likely(image):
    num, batch = 20_000, 500
    generator = torch.Generator().manual_seed(0)
    recipe = Augment(pad=PAD, flip=True)
    found = sum(counts(augment(image.expand(batch, -1, -1, -1), recipe, generator), image) for _ in range(num // batch))
    assert chisquare(found).pvalue > 1e-3


def test_torchvision_has_the_same_distribution(image):
    """The reference itself, so that the test above compares with what torchvision does, not with what we believe."""
    torch.manual_seed(0)
    transform = v2.Compose([v2.RandomCrop((5, 4), padding=PAD), v2.RandomHorizontalFlip()])
    found = counts(torch.stack([transform(image) for _ in range(5_000)]), image)
    assert chisquare(found).pvalue > 1e-3


def test_images_of_a_batch_are_drawn_independently(image):
    generator = torch.Generator().manual_seed(0)
    images = augment(image.expand(4_000, -1, -1, -1), Augment(pad=PAD, flip=True), generator)
    index = (images[:, None] == outcomes(image)[None]).flatten(2).all(2).int().argmax(1)
    pairs = torch.bincount(index[::2] // 10 * 5 + index[1::2] // 10, minlength=25)  # rows of neighbours
    assert chisquare(pairs).pvalue > 1e-3


def test_nothing_asked_nothing_changed_and_nothing_drawn(image):
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    assert augment(image[None], Augment(), generator).equal(image[None])
    assert generator.get_state().equal(before)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_cutout_zeroes_a_square_clipped_at_the_border(image, size):
    for y, x in product(range(5), range(4)):
        expected = image.clone()
        top, left = y - size // 2, x - size // 2
        expected[:, max(top, 0) : top + size, max(left, 0) : left + size] = 0
        assert cut_out(image[None], size, torch.tensor([y]), torch.tensor([x]))[0].equal(expected)


def test_the_same_seed_draws_the_same():
    images, shades = torch.rand(16, 3, 8, 8), torch.rand(3, 3)
    recipe = Augment(pad=2, flip=True, cutout=3, color="pca")
    first, second = (augment(images, recipe, torch.Generator().manual_seed(5), shades=shades) for _ in range(2))
    assert first.equal(second)
    assert not first.equal(augment(images, recipe, torch.Generator().manual_seed(6), shades=shades))


def test_colors_are_shifted_as_krizhevsky_says():
    """One shift for all pixels of an image; over images normal, a tenth as wide as the pixels along each axis."""
    generator = torch.Generator().manual_seed(0)
    shades = torch.tensor([[3.0, 1.0, 0.0], [0.0, 2.0, 0.0], [1.0, 0.0, 0.5]])
    images = torch.rand(20_000, 3, 2, 2)
    shifts = augment(images, Augment(color="pca"), generator, shades=shades) - images
    assert (shifts.flatten(2).std(2) < 1e-6).all()
    weights = torch.linalg.solve(shades, shifts[:, :, 0, 0].T).T
    assert all(kstest(column, "norm", (0, 0.1)).pvalue > 1e-3 for column in weights.double().numpy().T)
    torch.testing.assert_close(torch.cov(weights.T), 0.01 * torch.eye(3), atol=3e-4, rtol=0)
