"""Small image folders, trials on digits, and a cache of their own for every test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WriteFolder = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("ABLATE_CACHE", str(folder))
    monkeypatch.delenv("ABLATE_DATA", raising=False)
    return folder


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
