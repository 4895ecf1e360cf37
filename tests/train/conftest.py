"""Small image folders, trials on digits, and a cache of their own for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ablate.spec.architecture.reader import read_architecture
from ablate.spec.study.datasets import image_shape
from ablate.spec.study.recipe import Data, Train
from ablate.spec.study.study import Cell, Trial

WriteFolder = Callable[..., Path]
Written = Mapping[str, Any]
CreateTrial = Callable[..., Trial]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("ABLATE_CACHE", str(folder))
    monkeypatch.delenv("ABLATE_DATA", raising=False)
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As a trial has; on a busy machine two wait for each other, ten times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def write_folder(tmp_path: Path) -> WriteFolder:
    """Random PNG images under train/ and test/: `write_folder(classes, num_train, num_test, size)`."""

    def write(classes: tuple[str, ...] = ("cat", "dog"), num_train: int = 6, num_test: int = 3, size: int = 8) -> Path:
        random = np.random.default_rng(0)
        root = tmp_path / "images"
        for part, num in (("train", num_train), ("test", num_test)):
            for name in classes:
                (root / part / name).mkdir(parents=True)
                for k in range(num):
                    pixels = random.integers(0, 256, (size, size, 3), dtype=np.uint8)
                    Image.fromarray(pixels).save(root / part / name / f"{k}.png")
        return root

    return write


@pytest.fixture
def write_photos(tmp_path: Path) -> WriteFolder:
    """JPEG images of many sizes, smooth as photographs are: `write_photos(num_train, num_test)`, for each class."""

    def write(num_train: int = 20, num_test: int = 6, test: str = "test", name: str = "photos") -> Path:
        root = tmp_path / name
        random = np.random.default_rng(0)
        for part, num in (("train", num_train), (test, num_test)):
            for label, kind in enumerate(("cat", "dog")):
                (root / part / kind).mkdir(parents=True)
                for k in range(num):
                    coarse = random.integers(0, 200, (5, 6, 3), dtype=np.uint8) + 50 * label
                    width, height = (int(side) for side in random.integers(24, 60, 2))
                    picture = Image.fromarray(coarse.astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
                    picture.save(root / part / kind / f"{k}.jpg", quality=90)
        return root

    return write


@pytest.fixture
def create_trial() -> CreateTrial:
    """A trial on digits: `create_trial(seed, architecture={...}, data={...}, epochs=1, ...)`."""

    def create(
        seed: int = 0,
        *,
        architecture: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        **train: Any,
    ) -> Trial:
        written = {"family": "cifar", "depth": 8, "widths": [4, 8, 8], **(architecture or {})}
        described = Data.model_validate({"dataset": "digits", **(data or {})})
        shape, classes = image_shape(described)
        network, problems = read_architecture(written, {}, shape, classes)
        assert network is not None, problems
        recipe = Train.model_validate({"epochs": 2, "lr": 0.05, **train})
        return Trial(Cell("cell", {}, written, network, described, recipe), seed)

    return create
