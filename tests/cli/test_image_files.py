"""A folder of JPEG files through the command: streamed, tested with ten crops, reported where the images are not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

STUDY = """\
question: Which of two textures is it?
baseline:
  architecture: {family: cifar, depth: 8, widths: [4, 4, 8]}
  data:
    dataset: folder
    root: textures
    size: 16
    resize: 20
    holds: {classes: 2, images: 120}
    augment: {crop: random-resized, area: [0.5, 1.0], flip: true}
    testing: {crops: 10}
  train: {epochs: 6, batch_size: 16, lr: 0.05}
grid:
  architecture.shortcut: [none, identity]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stripes across against stripes down, of random width, phase and size, with noise; 120 + 40 JPEG files."""
    random = np.random.default_rng(0)
    for part, num in (("train", 60), ("test", 20)):
        for axis, name in enumerate(("across", "down")):
            (tmp_path / "textures" / part / name).mkdir(parents=True)
            for k in range(num):
                sides = random.integers(24, 40, 2)
                place = np.indices(tuple(sides))[axis]
                wave = 128 + 80 * np.sin(2 * np.pi * (place / random.uniform(4, 8) + random.uniform()))
                pixels = (wave[..., None] + random.normal(0, 15, (*sides, 3))).clip(0, 255)
                Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "textures" / part / name / f"{k}.jpg")
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def ablate(folder: Path, *arguments: str, code: int = 0) -> str:
    environment = os.environ | {"ABLATE_CACHE": str(folder / "cache")}
    environment.pop("ABLATE_DATA", None)
    done = subprocess.run(
        [sys.executable, "-m", "ablate", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_from_files_to_a_report_without_them(folder: Path) -> None:
    ablate(folder, "run", "study.yaml", "--serial")
    (folder / "textures").rename(folder / "elsewhere")
    status = json.loads(ablate(folder, "status", "study.yaml", "--format", "json"))
    assert all(cell["states"]["finished"] == 1 for cell in status["cells"])
    assert min(cell["test_error"] for cell in status["cells"]) < 25  # chance is 50
    ablate(folder, "plan", "study.yaml")
    ablate(folder, "report", "study.yaml", "--output", "report")
    assert (folder / "report" / "index.html").exists()
    records = [json.loads(path.read_text()) for path in (folder / "runs").glob("??/*.json")]
    for record in records:
        assert record["history"][-1]["test_loss"] != record["final"]["test_loss"]  # one view against ten
        assert record["spec"]["data"].keys().isdisjoint({"root", "loading", "holds"})
    printed = ablate(folder, "run", "study.yaml", "seeds=2", "--serial", code=2)
    assert "textures/train: not found; put the images under" in printed
    assert "Traceback" not in printed
