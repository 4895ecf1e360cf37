"""The whole way, as a person goes it: plan, run, kill, run again, status, report."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

STUDY = """\
question: Does depth hurt?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: none, widths: [2, 2, 4]}
  data: {dataset: digits}
  train: {epochs: 2}
grid:
  architecture.depth: [8, 14]
seeds: 3
claims:
  - says: Deeper is not much worse.
    metric: train_error
    compare: {architecture.depth: [14, 8]}
    expect: not-higher
    margin: 50
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ablate", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ablate(folder: Path, *arguments: str) -> str:
    with start(folder, *arguments) as process:
        printed, _ = process.communicate()
    assert process.returncode == 0, printed
    return printed


def standing(folder: Path, command: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ablate(folder, command, "study.yaml", "--format", "json"))
    return found


def records(folder: Path) -> dict[str, float]:
    return {path.stem: path.stat().st_mtime for path in (folder / "runs").glob("??/*.json")}


def results(folder: Path) -> str:
    ablate(folder, "report", "study.yaml")
    return (folder / "reports" / "study" / "results.csv").read_text()


def test_a_study_from_plan_to_report(folder: Path) -> None:
    plan = standing(folder, "plan")
    assert [cell["name"] for cell in plan["cells"]] == ["depth=8", "depth=14"]
    assert {trial["state"] for trial in plan["trials"]} == {"pending"}
    assert {"id", "name", "seed", "state"} <= plan["trials"][0].keys()

    ablate(folder, "run", "study.yaml", "--serial")
    written = records(folder)
    assert written.keys() == {trial["id"] for trial in plan["trials"]}
    assert {trial["state"] for trial in standing(folder, "status")["trials"]} == {"finished"}

    assert "0 to train" in ablate(folder, "run", "study.yaml")
    assert records(folder) == written

    printed = ablate(folder, "report", "study.yaml")
    assert "6 of 6 trials" in printed
    assert "Does depth hurt?" in (folder / "reports" / "study" / "index.html").read_text()


def test_a_study_grown_by_a_depth_and_two_seeds_trains_exactly_the_new_trials(folder: Path) -> None:
    ablate(folder, "run", "study.yaml", "--serial", "seeds=1")
    before = records(folder)
    assert len(before) == 2
    grown = ["seeds=3", "grid={architecture.depth: [8, 14, 20]}"]
    listed = json.loads(ablate(folder, "plan", "study.yaml", *grown, "--format", "json"))["trials"]
    expected = {trial["id"] for trial in listed}
    assert len(expected) == 9
    assert "9 trials: 2 recorded, 7 to train" in ablate(folder, "run", "study.yaml", "--serial", *grown)
    after = records(folder)
    assert after.keys() == expected
    assert before.items() <= after.items()  # not written again

    other = STUDY.replace("architecture.depth: [8, 14]", "train.lr: [0.1, 0.2]")
    (folder / "other.yaml").write_text(other[: other.index("claims:")])
    assert "6 trials: 3 recorded, 3 to train" in ablate(folder, "run", "other.yaml", "--serial")  # lr 0.1 is depth 8
    assert after.items() <= records(folder).items()
    assert len(records(folder)) == 9 + 3


def test_a_run_killed_and_started_again_equals_an_undisturbed_one(folder: Path, tmp_path_factory: Any) -> None:
    undisturbed = tmp_path_factory.mktemp("undisturbed")
    (undisturbed / "study.yaml").write_text(STUDY)
    ablate(undisturbed, "run", "study.yaml")

    with start(folder, "run", "study.yaml") as process:
        while process.poll() is None and not records(folder):
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    kept = records(folder)
    assert kept
    ablate(folder, "run", "study.yaml")
    assert kept.items() <= records(folder).items()
    assert results(folder) == results(undisturbed)


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(folder: Path) -> None:
    with start(folder, "run", "study.yaml", "--serial", "train.epochs=200") as process:
        while process.poll() is None and not list((folder / "runs").rglob("*.claim")):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=30)
    assert process.returncode == 130, printed
    assert "run the same command again" in printed
    assert "Traceback" not in printed


def test_what_to_type_next_names_the_same_study_and_store(folder: Path) -> None:
    printed = ablate(folder, "run", "study.yaml", "seeds=1", "train.epochs=1", "--serial", "--store", "some runs")
    command = "ablate report study.yaml seeds=1 train.epochs=1 --store 'some runs'"
    assert printed.splitlines()[-1] == f"Next: {command}"
    assert "2 of 2 trials" in ablate(folder, *shlex.split(command)[1:])


def test_a_report_of_nothing_is_refused_and_the_old_one_kept(folder: Path) -> None:
    ablate(folder, "run", "study.yaml", "seeds=1", "train.epochs=1", "--serial")
    ablate(folder, "report", "study.yaml", "seeds=1", "train.epochs=1")
    page = folder / "reports" / "study" / "index.html"
    before = page.read_bytes()
    with start(folder, "report", "study.yaml", "seeds=1", "train.epochs=1", "--store", "elsewhere") as process:
        printed, _ = process.communicate()
    assert process.returncode == 2
    assert printed.startswith(
        "study.yaml: no trial of it is recorded in elsewhere; train them first: ablate run study.yaml"
    )
    assert page.read_bytes() == before
