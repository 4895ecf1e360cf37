"""How long the language takes: checking every specification, planning every study, compiling the deepest networks.

    python benchmarks/spec.py

Commands are whole processes, the start of Python included; of five runs the quickest counts, as the others have waited
for somebody else. CPU seconds are user and system time, and do not grow on a busy machine as wall seconds do.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

SPECS = Path("specs")
ARCHITECTURES = sorted(str(path) for path in (SPECS / "architectures").glob("*.yaml"))
STUDIES = sorted(str(path) for path in (SPECS / "studies").glob("*.yaml"))
DEEPEST = ("resnet-1202", "preact-1001")
RUNS = 5
COMPILE = """
import sys, time
from ablate.spec import load_architecture
import ablate.model, torch
start = time.perf_counter()
network = load_architecture(sys.argv[1]).network
loaded = time.perf_counter()
module = ablate.model.build(network)
built = time.perf_counter()
print(loaded - start, built - loaded)
"""


def main() -> None:
    print(f"{date.today()}  {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    report(f"check all {len(ARCHITECTURES) + len(STUDIES)} specifications", [*ARCHITECTURES, *STUDIES], "check")
    for study in STUDIES:
        report(f"plan {Path(study).stem}", [study], "plan")
    for name in DEEPEST:
        compile_network(name)


def report(what: str, files: list[str], command: str) -> None:
    """Wall and CPU seconds of a command of ablate."""
    wall, cpu = quickest(lambda: run([sys.executable, "-m", "ablate", command, *files]))
    print(f"{what:<40} {wall:6.2f} s  {cpu:6.2f} CPU s")


def run(command: list[str]) -> tuple[float, float]:
    start, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, os.times()
    return wall, sum(after[2:4]) - sum(before[2:4])


def quickest(measure: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    """Of wall and of CPU seconds apart."""
    walls, cpus = zip(*(measure() for _ in range(RUNS)), strict=True)
    return min(walls), min(cpus)


def compile_network(name: str) -> None:
    """Seconds from the file to the explicit form, and from there to a module with initial weights."""
    command = [sys.executable, "-c", COMPILE, str(SPECS / "architectures" / f"{name}.yaml")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def measure() -> tuple[float, float]:
        printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
        loading, building = map(float, printed.split())
        return loading, building

    loading, building = quickest(measure)
    print(f"{f'compile {name}':<40} {loading + building:6.2f} s: {loading:.2f} to expand, {building:.2f} to build")


if __name__ == "__main__":
    main()
