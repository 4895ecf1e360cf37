"""A study with a search."""

from __future__ import annotations

from pathlib import Path

import pytest
from played_searches import CreateStudy

from ablate.spec import load_study

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8, widths: [2, 2, 2]}
  data: {dataset: digits, validation: 0.1}
  train: {epochs: 8, lr: 0.05}
grid:
  architecture.shortcut: [none, identity]
search:
  parameters:
    train.lr: {loguniform: [0.001, 1.0]}
    train.weight_decay: {choice: [0, 1e-4, 1e-2]}
  algorithm: random
  trials: 12
seeds: 2
"""


@pytest.fixture
def create_study(tmp_path: Path) -> CreateStudy:
    """The study with overrides: `create_study("search.algorithm=optuna")`."""
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return lambda *overrides: load_study(path, overrides)
