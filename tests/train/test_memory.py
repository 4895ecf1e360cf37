"""Memory on a CPU: kept from step to step, and given back ahead of the next trial."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity, widths: [64, 64, 64]}
  data: {dataset: digits}
  train: {epochs: 4, batch_size: 1024, lr: 0.01}
variants: {narrow: {set: {architecture.widths: [2, 2, 2]}}}
"""
TRAIN = """
import json, resource, sys
from ablate.spec import load_study
from ablate.train import train_pack

faults = []
trials = load_study(sys.argv[1]).trials
records = train_pack(
    trials, device="cpu", on_epoch=lambda *_: faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
)
peaks = [record.cost.peak_memory for record in records]
print(json.dumps([[trial.name for trial in trials], faults, peaks]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_memory_is_kept_from_step_to_step_and_given_back_ahead_of_the_next_trial(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    output = subprocess.run([sys.executable, "-c", TRAIN, str(path)], check=True, capture_output=True, text=True).stdout
    (wide, narrow), faults, (peak_of_wide, peak_of_narrow) = json.loads(output)
    assert ("narrow" in narrow, "narrow" in wide) == (True, False)
    tensor_pages = 1024 * 64 * 8 * 8 * 4 // 4096  # one of the dozens that a step computes
    assert faults[3] - faults[1] < tensor_pages
    assert peak_of_narrow < peak_of_wide - 4 * 4096 * tensor_pages
