"""What the benchmarks have in common: the machine, variants that take turns, ratios within one run, results as JSON."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Spread:
    """The median of several measurements, and their quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else (values[0],) * 3
        return cls(median(values), low, high)

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}, {self.high:.2f}]"


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """Round by round: what slows down a round slows down both."""
    return Spread.of([a / b for a, b in zip(numerators, denominators, strict=True)])


@dataclass
class Variant:
    """`steps` does one piece of work for each `next`; `untimed` of them come ahead of the timed ones in every turn."""

    steps: Iterator[Any]
    untimed: int = 1


def apart(create: Callable[..., Iterator[Any]], *arguments: Any) -> Iterator[None]:
    """The steps of `create(*arguments)` in a process of its own, which nothing that is set in this one reaches."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, create, arguments))
    process.start()
    try:
        while True:
            here.send(True)
            here.recv()
            yield
    finally:
        here.send(False)
        process.join()


def _serve(pipe: Connection, create: Callable[..., Iterator[Any]], arguments: Sequence[Any]) -> None:
    steps = create(*arguments)
    while pipe.recv():
        next(steps)
        pipe.send(True)


def take_turns(
    variants: Mapping[str, Variant], rounds: int, seconds: float, wait: Callable[[], None] = lambda: None
) -> dict[str, list[float]]:
    """Seconds per step of every variant, one number per round; each turn lasts about `seconds`.

    `wait` returns when the device has done all it was told. Every second round goes the other way round.
    """
    num_steps = {name: max(1, round(seconds / time_steps(variant, 1, wait))) for name, variant in variants.items()}
    found: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds):
        names = list(variants) if number % 2 == 0 else list(reversed(variants))
        for name in names:
            found[name].append(time_steps(variants[name], num_steps[name], wait))
    return found


def time_steps(variant: Variant, num: int, wait: Callable[[], None]) -> float:
    """Seconds per step."""
    for _ in range(variant.untimed):
        next(variant.steps)
    wait()
    start = time.perf_counter()
    for _ in range(num):
        next(variant.steps)
    wait()
    return (time.perf_counter() - start) / num


def describe_machine() -> dict[str, Any]:
    """What figures depend on. PyTorch is named if the benchmark has imported it."""
    from ablate.hardware import cpu_name

    torch = sys.modules.get("torch")
    found = {
        "date": str(date.today()),
        "command": " ".join(["python", os.path.relpath(sys.argv[0]), *sys.argv[1:]]),
        "cpu": cpu_name(),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "platform": platform.platform(terse=True),
        "python": platform.python_version(),
    }
    if torch is not None:
        found["torch"] = torch.__version__
        found["gpu"] = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return found


def write_results(name: str, found: Mapping[str, Any]) -> None:
    """Keep the figures, with the machine, as `benchmarks/results/NAME.json`."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": describe_machine(), **found}, indent=2, default=vars) + "\n")
    print(f"written: {os.path.relpath(path)}")
