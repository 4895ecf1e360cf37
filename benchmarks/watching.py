"""What watching costs the driver: CPU time per trial of the lines, the live table and the TensorBoard logs.

    python benchmarks/watching.py [TRIALS]

Plays the events of trials of one epoch, which train nothing, to the display and the loggers, without Ray or PyTorch.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from ablate.hardware import find_hardware
from ablate.records import Cost, Epoch, Outcome, Record, Store
from ablate.schedule.events import EpochEnded, Event, PackStarted, TrialEnded
from ablate.schedule.ledger import Ledger
from ablate.schedule.logs import open_logs
from ablate.schedule.options import Options
from ablate.schedule.progress import Watch
from ablate.spec import Trial, load_study

STUDY = """\
baseline:
  architecture: {{family: cifar, depth: 8, block: basic, shortcut: identity, widths: [1, 1, 1]}}
  data: {{dataset: digits}}
  train: {{epochs: 1}}
grid: {{train.lr: {rates}}}
seeds: 2
"""
EPOCH = Epoch(epoch=1, lr=0.1, seconds=0.01, train_loss=1, train_error=1, test_loss=1, test_error=1)
DRAWING_SECONDS = 10.0


def create_trials(number: int, folder: Path) -> tuple[Trial, ...]:
    path = folder / "study.yaml"
    path.write_text(STUDY.format(rates=[i / 1000 for i in range(1, number // 2 + 1)]))
    return load_study(path).trials


def end(trial: Trial) -> TrialEnded:
    return TrialEnded(
        Record(
            id=trial.id,
            seed=trial.seed,
            outcome=Outcome.FINISHED,
            spec={},
            history=(EPOCH,),
            final={"train_error": 1.0, "test_error": 1.0},
            selected=None,
            cost=Cost(seconds=0.01, images_per_second=1, peak_memory=1, parameters=1, multiply_adds=1),
            environment={},
        )
    )


def play(trials: tuple[Trial, ...], show: Callable[[Event], None], ledger: Ledger) -> None:
    for trial in trials:
        show(PackStarted((trial.id,)))
        show(EpochEnded(trial.id, EPOCH))
        ended = end(trial)
        ledger.enter(ended.record)
        show(ended)


def watch(trials: tuple[Trial, ...], is_terminal: bool, seconds: float) -> float:
    """CPU seconds of showing all, and then the table for so long."""
    start, ledger = time.process_time(), Ledger(trials, {})
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=120, height=40, soft_wrap=True)
    with Watch(console) as shown:
        shown.begin(ledger, {trial.id: 1.0 for trial in trials})
        play(trials, shown.show, ledger)
        time.sleep(seconds)
    return time.process_time() - start


def log(trials: tuple[Trial, ...], folder: Path) -> float:
    start = time.process_time()
    with open_logs("study", Store(folder), Options()).of({trial.id: trial for trial in trials}, print) as logs:
        play(trials, logs.show, Ledger(trials, {}))
    return time.process_time() - start


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        trials = create_trials(number, Path(folder))
        rows = {
            "plain lines, per trial": watch(trials, False, 0) / number,
            "live table, per trial": watch(trials, True, 0) / number,
            "TensorBoard, per trial, its import included": log(trials, Path(folder) / "first") / number,
            "TensorBoard, per trial": log(trials, Path(folder) / "second") / number,
            f"live table of {number // 2} cells, per second": watch(trials, True, DRAWING_SECONDS) / DRAWING_SECONDS,
        }
    print(f"{find_hardware('cpu', 1)}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {number} trials")
    for name, seconds in rows.items():
        print(f"{name:46} {1000 * seconds:7.2f} ms of CPU time")


if __name__ == "__main__":
    main()
