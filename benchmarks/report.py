"""Time and memory of reading and reporting many records: python benchmarks/report.py [NUM_RECORDS ...].

The records are made: one real training's shape with drawn errors. Each command is a process of its own, so that
memory is its own too. Prints seconds, peak memory, and the ratio to the smallest number of records.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ablate.records import Cost, Epoch, Outcome, Record, Store
from ablate.spec import load_study

STUDY = """\
question: How long does a report take?
baseline:
  architecture: {{family: cifar, depth: 8, block: basic, shortcut: identity, widths: [4, 4, 8]}}
  data: {{dataset: digits}}
  train: {{epochs: 12}}
grid:
  architecture.shortcut: [none, identity]
  architecture.depth: [8, 14, 20, 26, 32]
  train.lr: [0.01, 0.05, 0.1, 0.2]
seeds: {seeds}
claims:
  - says: Deeper plain nets train worse.
    metric: train_error
    where: {{architecture.shortcut: none}}
    along: architecture.depth
    expect: rises
"""
CELLS = 40
COMMANDS = ("plan", "status", "report")


def draw_record(trial_id: str, seed: int, errors: np.ndarray) -> Record:
    history = tuple(
        Epoch(epoch=i + 1, lr=0.1, seconds=0.1, train_loss=e / 50, train_error=e, val_error=e, test_error=e)
        for i, e in enumerate(errors.tolist())
    )
    final = {
        "train_loss": errors[-1] / 50,
        "train_error": errors[-1],
        "val_error": errors[-1],
        "test_error": errors[-1],
    }
    return Record(
        id=trial_id,
        seed=seed,
        outcome=Outcome.FINISHED,
        spec={},
        history=history,
        final=final,
        selected=final | {"epoch": 12.0},
        cost=Cost(seconds=1.2, images_per_second=1e4, peak_memory=10**9, parameters=1, multiply_adds=1),
        environment={"torch": "made", "device": "none"},
    )


def fill(folder: Path, num_records: int) -> None:
    (folder / "study.yaml").write_text(STUDY.format(seeds=num_records // CELLS))
    study, store, rng = load_study(folder / "study.yaml"), Store(folder / "runs"), np.random.default_rng(0)
    for trial in study.trials:
        store.write(draw_record(trial.id, trial.seed, np.sort(rng.uniform(0, 90, 12))[::-1]))


def measure(folder: Path, command: str) -> tuple[float, int]:
    """Seconds, and peak memory in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ablate", command, "study.yaml"], cwd=folder, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def main() -> None:
    numbers = [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    first: dict[str, float] = {}
    for num_records in numbers:
        with tempfile.TemporaryDirectory() as name:
            fill(Path(name), num_records)
            for command in COMMANDS:
                seconds, peak = measure(Path(name), command)
                ratio = seconds / first.setdefault(command, seconds)
                print(f"{num_records:>7,} records  {command:<7} {seconds:6.2f} s  {peak / 1e6:6.0f} MB  {ratio:5.2f}x")


if __name__ == "__main__":
    main()
