"""What diagnostics cost: the quickstart's shallowest and deepest networks trained with all of them.

    OMP_NUM_THREADS=1 python benchmarks/diagnostics.py [REPEATS]

Every call of a hook and every examination is timed where it happens, since differences between two trainings drown in
the noise of a shared machine. Each figure is the median over the repeats, in percent of the seconds of the training
without any diagnostics.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

import torch

from ablate.spec import Trial, load_study
from ablate.spec.study.diagnostics import DEFAULT, SECTIONS, read_diagnostics
from ablate.train import train_pack
from ablate.train.diagnostics.gradients import Gradients
from ablate.train.environment import device_name

HOOKS = ("__init__", "watch", "_open", "_count", "_watch", "_keep_signal", "_keep", "read")
WANTED = read_diagnostics(list(SECTIONS))[0]
spent = 0.0  # seconds in the hooks of the gradients


def timed(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        global spent  # noqa: PLW0603
        start = time.perf_counter()
        result = function(*arguments, **options)
        spent += time.perf_counter() - start
        return result

    return call


def measure(trial: Trial) -> dict[str, float]:
    """Seconds of a training, and percent of them for every diagnostic."""
    global spent  # noqa: PLW0603
    spent = 0.0
    (record,) = train_pack([replace(trial, diagnostics=WANTED)], device="cpu")
    seconds = {name: finding["seconds"] for name, finding in record.diagnostics.items()} | {"gradients": spent}
    training = record.cost.seconds - sum(seconds.values())
    shares = {name: 100 * value / training for name, value in seconds.items()}
    return {"training": training, **shares, "default": sum(shares[name] for name in DEFAULT)}


def main(repeats: int) -> None:
    print(f"{device_name(torch.device('cpu'))}, Python {platform.python_version()}, PyTorch {torch.__version__}")
    for name in HOOKS:
        setattr(Gradients, name, timed(getattr(Gradients, name)))
    study = load_study("specs/studies/quickstart.yaml", ["seeds=1", "architecture.depth=[8, 56]"])
    for trial in study.trials:
        rounds = [measure(trial) for _ in range(repeats + 1)][1:]  # the first one reads the data and warms up
        found = {name: median(one[name] for one in rounds) for name in rounds[0]}
        shares = "  ".join(f"{name} {found[name]:.1f}%" for name in ("default", *SECTIONS))
        print(f"{trial.cell.name:24} {found['training']:6.2f} s  {shares}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
