"""How long everything ahead of training takes: imports, checking and planning specifications, building networks.

    python benchmarks/startup.py

Imports and commands are whole processes, the start of Python included, and are held against what nobody can go below:
an empty Python program, and the import of PyTorch. They take turns; figures are medians and quartiles over the rounds,
ratios are taken round by round. CPU seconds are user and system time, and do not grow on a busy machine as wall seconds
do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from measurement import Spread, ratio, write_results

SPECS = Path("specs")
ARCHITECTURES = sorted(str(path) for path in (SPECS / "architectures").glob("*.yaml"))
STUDIES = sorted(str(path) for path in (SPECS / "studies").glob("*.yaml"))
DEEPEST = ("resnet-110", "resnet-1202", "preact-1001")
ROUNDS = 5
EMPTY, TORCH = "python, empty", "import torch"
BUILD = """
import sys, time
import ablate.model, torch
from ablate.spec import load_architecture
start = time.perf_counter()
network = load_architecture(sys.argv[1]).network
loaded = time.perf_counter()
ablate.model.build(network)
print(loaded - start, time.perf_counter() - loaded)
"""


def list_commands() -> dict[str, list[str]]:
    """What is measured, and how it is run."""
    largest = max(STUDIES, key=lambda path: Path(path).stat().st_size)
    ablate = [sys.executable, "-m", "ablate"]
    imports = ("torch", "ray.tune", "ablate.cli", "ablate.spec", "ablate.schedule", "ablate.train", "ablate.report")
    return {
        EMPTY: [sys.executable, "-c", "pass"],
        **{f"import {name}": [sys.executable, "-c", f"import {name}"] for name in imports},
        "ablate --help": [*ablate, "--help"],
        f"ablate check, all {len(ARCHITECTURES) + len(STUDIES)} files": [*ablate, "check", *ARCHITECTURES, *STUDIES],
        "ablate plan, the quickstart": [*ablate, "plan", "specs/studies/quickstart.yaml"],
        f"ablate plan, {Path(largest).stem}": [*ablate, "plan", largest],
        "ablate show, ResNet-110": [*ablate, "show", "specs/architectures/resnet-110.yaml"],
    }


def run(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Wall and CPU seconds; with a store and a cache of its own."""
    environment = {**os.environ, "ABLATE_STORE": str(folder / "runs"), "ABLATE_CACHE": str(folder / "cache")}
    start, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    wall, after = time.perf_counter() - start, os.times()
    return wall, sum(after[2:4]) - sum(before[2:4])


def measure_commands() -> dict[str, dict[str, object]]:
    commands = list_commands()
    with tempfile.TemporaryDirectory() as name:
        for command in commands.values():  # fills the caches of files
            run(command, Path(name))
        rounds = [{what: run(command, Path(name)) for what, command in commands.items()} for _ in range(ROUNDS)]
    walls = {what: [found[what][0] for found in rounds] for what in commands}
    return {
        what: {
            "seconds": Spread.of(walls[what]),
            "cpu_seconds": median(found[what][1] for found in rounds),
            "to_empty": ratio(walls[what], walls[EMPTY]),
            "to_import_torch": ratio(walls[what], walls[TORCH]),
        }
        for what in commands
    }


def measure_building(name: str) -> dict[str, object]:
    """Seconds from the file to the explicit form, and from there to a module with initial weights."""
    command = [sys.executable, "-c", BUILD, str(SPECS / "architectures" / f"{name}.yaml")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    found = []
    for _ in range(ROUNDS):
        printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
        found.append([float(word) for word in printed.split()])
    expanding, building = zip(*found, strict=True)
    return {"network": name, "expanding_seconds": Spread.of(expanding), "building_seconds": Spread.of(building)}


def main() -> None:
    commands = measure_commands()
    print(f"{'':36}{'wall s':>20}{'CPU s':>8}{'to empty':>22}{'to import torch':>22}")
    for what, row in commands.items():
        ratios = f"{row['to_empty']!s:>22}{row['to_import_torch']!s:>22}"
        print(f"{what:36}{row['seconds']!s:>20}{row['cpu_seconds']:>8.2f}{ratios}")
    built = [measure_building(name) for name in DEEPEST]
    for row in built:
        print(f"build {row['network']}: {row['expanding_seconds']} s to expand, {row['building_seconds']} s to build")
    write_results("startup", {"commands": commands, "networks": built})


if __name__ == "__main__":
    main()
