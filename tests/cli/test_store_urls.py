"""The commands on a store in an S3 bucket; a place that cannot be had is one line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from s3_server import CREDENTIALS, free_port

from ablate.cli import main
from ablate.records import Store
from ablate.spec import load_study

STUDY = """\
question: Does it run?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity, widths: [2, 2, 2]}
  data: {dataset: digits}
  train: {epochs: 1}
grid:
  architecture.shortcut: [none, identity]
seeds: 1
"""


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ABLATE_CACHE", str(tmp_path / "cache"))
    Path("study.yaml").write_text(STUDY)


def ablate(command: str, store: str, *options: str) -> Result:
    return CliRunner().invoke(main, [command, "study.yaml", "--store", store, *options])


def test_every_command_takes_a_url(s3_url: str) -> None:
    assert "2 trials, 2 to do" in ablate("plan", s3_url).output
    result = ablate("run", s3_url, "--serial", "--keep-weights", "--no-tensorboard")
    assert result.exit_code == 0, result.output
    assert "2 requested = 2 finished" in result.output
    assert "0 to do" in ablate("plan", s3_url).output
    assert "1/1" in ablate("status", s3_url).output
    assert "2 of 2 trials" in ablate("report", s3_url).output
    trial = load_study("study.yaml").trials[0]
    result = ablate("export", s3_url, "--to", "python", "--trial", trial.id, "--output", "net.py")
    assert result.exit_code == 0, result.output
    assert Path("net.safetensors").read_bytes() == Store(s3_url).read_weights(trial.id)
    assert not Path("runs").exists()
    assert not list(Path().glob("s3:*"))


@pytest.mark.parametrize("command", ["plan", "run", "status"])
def test_a_bucket_that_is_not_there_is_said(command: str, s3_url: str) -> None:
    result = ablate(command, "s3://no-such-bucket/runs")
    assert result.exit_code == 1
    assert "s3://no-such-bucket/runs: cannot read the records: there is no bucket 'no-such-bucket'" in result.output
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("s3_url")
def test_missing_credentials_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import s3fs

    for name in CREDENTIALS.keys() - {"AWS_EC2_METADATA_DISABLED", "AWS_DEFAULT_REGION"}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    s3fs.S3FileSystem.clear_instance_cache()
    result = ablate("plan", "s3://bucket/runs")
    assert result.exit_code == 1
    assert "Unable to locate credentials; see that you may read and write there, or pass --store" in result.output


@pytest.mark.usefixtures("s3_url")
def test_a_server_that_is_not_there_is_said_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    s3fs.S3FileSystem.clear_instance_cache()
    start = time.monotonic()
    result = ablate("run", "s3://bucket/runs")
    assert time.monotonic() - start < 60  # not the two minutes of a training's patience
    assert result.exit_code == 1
    assert "Could not connect to the endpoint URL" in result.output
    assert "see that it can be reached, or pass --store" in result.output


def test_a_protocol_that_nobody_knows_is_said() -> None:
    result = ablate("plan", "nope://bucket/runs")
    assert result.exit_code == 1
    assert result.output.startswith("nope://bucket/runs: Protocol not known: nope; known are a folder, s3://")
