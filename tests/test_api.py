"""The three functions of a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import ablate
from ablate.errors import SpecError

STUDY = """\
question: Does depth hurt?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: none, widths: [2, 2, 4]}
  data: {dataset: digits}
  train: {epochs: 1}
grid: {architecture.depth: [8, 14]}
seeds: 2
claims:
  - {says: s, metric: test_error, compare: {architecture.depth: [14, 8]}, expect: higher}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    file = tmp_path / "study.yaml"
    file.write_text(STUDY)
    return file


def test_build_takes_a_mapping_an_architecture_and_a_study(study: Path) -> None:
    short = {"family": "cifar", "depth": 20, "block": "basic", "shortcut": "identity"}
    assert sum(p.numel() for p in ablate.build(short).parameters()) == 269_722  # He et al. 2015, Table 6: 0.27M
    file = study.with_name("net.yaml")
    file.write_text("architecture: {family: cifar, depth: 20, block: basic, shortcut: none}")
    assert ablate.build(file)(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert ablate.build(study, "architecture.depth=14")(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_build_tells_every_fault_of_a_mapping() -> None:
    with pytest.raises(SpecError) as caught:
        ablate.build({"family": "cifar", "depth": 21, "block": "basic", "shortcut": "nome"})
    assert {fault.path for fault in caught.value.faults} == {"architecture.depth", "architecture.shortcut"}


def test_run_gives_a_result_that_load_results_finds_again(study: Path, tmp_path: Path) -> None:
    store = tmp_path / "runs"
    assert set(ablate.load_results(study, store=store)["outcome"]) == {"missing"}
    result = ablate.run(study, store=store, serial=True)
    frame = ablate.load_results(study, store=store)
    assert frame.equals(result.frame)
    assert list(frame["outcome"]) == ["finished"] * 4
    assert len(result.verdicts) == 1
    assert result.report(tmp_path / "report").page.is_file()
