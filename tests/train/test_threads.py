"""A trial computes with as many threads as it was given, by the account of the system."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

TRAIN = """
import json, os, sys, threading
from pathlib import Path
from ablate.spec import load_study
from ablate.train import Manner, train_pack

def seconds():
    tasks = Path("/proc/self/task").iterdir()
    stats = {task.name: (task / "stat").read_text().rpartition(")")[2].split() for task in tasks}
    return {name: (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK") for name, stat in stats.items()}

def train(epochs):
    study = load_study("study.yaml", [f"train.epochs={epochs}"])
    list(train_pack(study.trials, device="cpu", threads=int(sys.argv[1]), manner=Manner(compile=sys.argv[2])))
    spent.append(seconds())

spent = []
for epochs in (1, 4):  # the first one reads the data and imports the rest of PyTorch; compiling is in both
    worker = threading.Thread(target=train, args=(epochs,))  # as in a Ray actor
    worker.start()
    worker.join()
print(json.dumps(sorted((value - spent[0].get(name, 0) for name, value in spent[1].items()), reverse=True)))
"""
STUDY = """\
baseline:
  architecture: {family: cifar, depth: 14, widths: [16, 32, 64], block: basic, shortcut: identity}
  data: {dataset: digits}
seeds: 1
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="the system does not say")
@pytest.mark.parametrize(
    ("threads", "compile_"),
    [(1, "off"), pytest.param(2, "off", marks=pytest.mark.slow), pytest.param(1, "on", marks=pytest.mark.slow)],
)
def test_no_other_thread_computes(threads, compile_, tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY)
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    printed = subprocess.run(
        [sys.executable, "-c", TRAIN, str(threads), compile_],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env=environment | {"TORCHINDUCTOR_CACHE_DIR": str(tmp_path)},
    ).stdout
    spent = json.loads(printed)
    assert spent[threads - 1] > 0.3 * spent[0]
    assert sum(spent[threads:]) < 0.1 * spent[0]
