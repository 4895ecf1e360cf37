"""`ablate export`: what leaves the house gives the logits of the network that was trained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from ablate.cli import main
from ablate.model import build
from ablate.model.export import load_weights
from ablate.records import Store
from ablate.spec import Trial, load_study
from ablate.train import train_pack
from ablate.train.checkpoint import Keeping

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8, widths: [4, 8, 16]}
  data: {dataset: digits}
  train: {epochs: 1}
grid: {architecture.shortcut: [none, identity]}
seeds: 2
"""
PROBE = """\
import json, sys, torch
from safetensors.torch import load_file
import net
model = net.net()
model.load_state_dict(load_file("net.safetensors"))
assert "ablate" not in sys.modules
print(json.dumps(model.eval()(torch.linspace(-1, 1, 128).reshape(2, 1, 8, 8)).tolist()))
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(STUDY)
    return "study.yaml"


def export(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["export", *arguments])


def train(study: str) -> Trial:
    """Train one trial into the default store, its weights kept."""
    trial, store = load_study(study).trials[1], Store(Path("runs"))
    (record,) = train_pack([trial], device="cpu", keeping=Keeping(store, weights=True))
    store.write(record)
    return trial


def logits(trial: Trial) -> torch.Tensor:
    module = build(trial.cell.network)
    load_weights(module, Store(Path("runs")).weights_path(trial.id).read_bytes(), "runs")
    with torch.no_grad():
        return module.eval()(torch.linspace(-1, 1, 128).reshape(2, 1, 8, 8))


def test_a_trained_trial_runs_without_ablate(study: str) -> None:
    trial = train(study)
    result = export(study, "--to", "python", "--trial", trial.name, "--output", "net.py")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"Its weights are in net.safetensors\n{trial.name} is in net.py\n"
    printed = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True).stdout
    assert torch.tensor(json.loads(printed)).allclose(logits(trial), atol=1e-6)


@pytest.mark.slow
def test_a_trained_trial_runs_in_onnxruntime(study: str) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    trial = train(study)
    result = export(study, "--to", "onnx", "--trial", trial.id[:6], "--output", "net.onnx")
    assert result.exit_code == 0, result.output
    session = onnxruntime.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
    images = torch.linspace(-1, 1, 128).reshape(2, 1, 8, 8).numpy()
    assert torch.from_numpy(session.run(["logits"], {"images": images})[0]).allclose(logits(trial), atol=1e-4)


def test_an_architecture_is_named_after_its_cell(study: str) -> None:
    result = export(study, "--to", "python", "--cell", "shortcut=none")
    assert (result.exit_code, result.stdout) == (0, "shortcut=none is in shortcut-none.py\n")
    assert "def shortcut_none()" in Path("shortcut-none.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--trial", "shortcut=none seed=0"), "not trained yet; train it by `ablate run study.yaml --keep-weights`"),
        (("--trial", "shortcut=all"), "no trial called 'shortcut=all'; there are\n"),
        (("--trial", ""), "no trial called ''"),
        (("--trial", "x", "--cell", "y"), "either --cell or --trial, not both"),
        (("--cell", "shortcut=all"), "no cell is called"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said(study: str, arguments: tuple[str, ...], message: str) -> None:
    result = export(study, "--to", "python", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_weights_that_were_not_kept_are_said_to_be(study: str) -> None:
    trial = train(study)
    Store(Path("runs")).weights_path(trial.id).unlink()
    assert "its weights were not kept" in export(study, "--to", "onnx", "--trial", trial.id).stderr
