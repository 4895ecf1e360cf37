"""How cost grows: ten times the trials should take ten times the time, and more epochs no more memory.

    python benchmarks/growth.py [--trials 20 200 2000] [--epochs 5 50 500]

Real trainings of a very small network on digits through `ablate run --serial`, a process and a new store for each
figure. What does not grow, the start of Python and PyTorch, is measured with one trial and taken off.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measurement import write_results

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity, widths: [2, 2, 2]}
  data: {dataset: digits}
  train: {epochs: 1, lr: 0.05}
seeds: 1
"""


def run(*overrides: str) -> tuple[float, int]:
    """Wall-clock seconds of the command, and the most bytes that the process of a trial held."""
    with tempfile.TemporaryDirectory() as name:
        study, store = Path(name) / "study.yaml", Path(name) / "runs"
        study.write_text(STUDY)
        start = time.perf_counter()
        command = [sys.executable, "-m", "ablate", "run", str(study), *overrides, "--store", str(store), "--serial"]
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - start
        records = [json.loads(path.read_text()) for path in store.rglob("*.json")]
    return seconds, max(record["cost"]["peak_memory"] for record in records if "cost" in record)


def measure_trials(numbers: list[int]) -> list[dict[str, Any]]:
    start, rows = run("seeds=1")[0], []
    for number in numbers:
        seconds, memory = run(f"seeds={number}")
        each = (seconds - start) / (number - 1)
        rows.append({"trials": number, "seconds": seconds, "seconds_per_trial": each, "peak_memory": memory})
        print(
            f"{number:6} trials: {seconds:7.1f} s, {1000 * each:6.1f} ms each without the start, {memory / 1e6:.0f} MB"
        )
    return rows


def measure_epochs(numbers: list[int]) -> list[dict[str, Any]]:
    rows = []
    for number in numbers:
        seconds, memory = run(f"train.epochs={number}")
        rows.append({"epochs": number, "seconds": seconds, "peak_memory": memory})
        print(f"{number:6} epochs: {seconds:7.1f} s, {memory / 1e6:.0f} MB")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, nargs="+", default=[20, 200, 2000])
    parser.add_argument("--epochs", type=int, nargs="+", default=[5, 50, 500])
    options = parser.parse_args()
    write_results("growth", {"trials": measure_trials(options.trials), "epochs": measure_epochs(options.epochs)})


if __name__ == "__main__":
    main()
