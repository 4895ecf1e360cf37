"""A cluster of two Rays that were started by hand, elsewhere: the commands of docs/cluster.md, typed for real."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablate.records import Record, Store
from ablate.spec import load_study

BIN = Path(sys.executable).parent
START_SECONDS = 120.0
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
STUDY = """\
question: Does it run on two machines?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity, widths: [2, 2, 2]}
  data: {dataset: folder, root: images, size: 8, validation: 0, holds: {classes: 2, images: 32}}
  train: {epochs: 2, lr: 0.05, batch_size: 8}
grid:
  architecture.shortcut: [none, identity]
seeds: 2
"""

pytestmark = pytest.mark.timeout(900)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def ray_start(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`ray start` in a folder and with variables of its own; its processes end with it."""
    foreign = {name: value for name, value in os.environ.items() if not name.startswith(("ABLATE_", "RAY_"))} | TOKEN
    command = [BIN / "ray", "start", *arguments, "--num-cpus=1", "--disable-usage-stats", "--block"]
    with subprocess.Popen(
        command, cwd="/", env=foreign, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a head and a second machine, one CPU each."""
    own = socket.gethostbyname(socket.gethostname())
    folder = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))  # short: sockets are put below it
    where = f"{own}:{free_port()}"
    with ExitStack() as nodes:
        port = where.partition(":")[2]
        nodes.enter_context(ray_start("--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}"))
        await_health(where)
        nodes.enter_context(ray_start(f"--address={where}", f"--temp-dir={folder}"))
        await_nodes(where, 2)
        yield where
    shutil.rmtree(folder, ignore_errors=True)


def await_health(where: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while run_with_token(BIN / "ray", "health-check", "--address", where).returncode:
        assert time.monotonic() < deadline


def run_with_token(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | TOKEN
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_SECONDS, env=environment)


def await_nodes(where: str, number: int) -> None:
    code = (
        "import sys, time, ray\n"
        "ray.init(address=sys.argv[1], log_to_driver=False)\n"
        "while sum(node['Alive'] for node in ray.nodes()) < int(sys.argv[2]): time.sleep(0.2)"
    )
    run_with_token(sys.executable, "-c", code, where, str(number)).check_returncode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is typed: a study, and images that it finds by a relative path."""
    random = np.random.default_rng(0)
    for part, num in (("train", 16), ("test", 4)):
        for name in ("cat", "dog"):
            (tmp_path / "images" / part / name).mkdir(parents=True)
            for k in range(num):
                pixels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / "images" / part / name / f"{k}.png")
    (tmp_path / "study.yaml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ABLATE_CACHE", "cache")  # relative, and unknown to the machines
    return tmp_path


def ablate_run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [BIN / "ablate", "run", "study.yaml", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | TOKEN | variables)


def read_records(folder: Path) -> list[Record]:
    found = Store(folder / "runs").read_all(trial.id for trial in load_study(folder / "study.yaml").trials)
    return list(found.values())


@pytest.mark.slow
def test_machines_started_elsewhere_train_as_if_here(address: str, folder: Path) -> None:
    result = ablate_run("--address", address, "--store", "runs")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "4 requested = 4 finished" in result.stdout
    assert len(read_records(folder)) == 4
    assert (folder / "cache").is_dir()


@pytest.mark.slow
def test_a_trial_may_span_machines(address: str, folder: Path) -> None:
    result = ablate_run("--workers", "2", "--store", "runs", "seeds=1", RAY_ADDRESS=address)
    assert result.returncode == 0, result.stdout + result.stderr
    assert {record.environment["workers"] for record in read_records(folder)} == {2}


@pytest.mark.slow
def test_more_workers_than_all_machines_have_are_refused(address: str, folder: Path) -> None:
    result = ablate_run("--workers", "3", "--address", address)
    assert result.returncode == 2
    assert "--workers 3: a trial needs as many processes" in result.stderr
    assert "room for 2" in result.stderr


@pytest.mark.slow
def test_another_token_is_refused_in_one_line(address: str, folder: Path) -> None:
    result = ablate_run("--address", address, RAY_AUTH_TOKEN=secrets.token_hex(32))
    assert result.returncode == 1
    (line,) = [line for line in result.stderr.splitlines() if line.startswith(f"no Ray cluster at {address}")]
    assert "token" in line


@pytest.mark.slow
def test_another_version_is_refused_in_one_line(address: str, folder: Path) -> None:
    """The head is made to say that it was started with another Ray, as it tells every process that joins."""
    code = (
        "import json, sys, ray\n"
        "from ray.experimental import internal_kv\n"
        "ray.init(address=sys.argv[1], log_to_driver=False)\n"
        "key, namespace = b'CLUSTER_METADATA', b'cluster'\n"
        "known = json.loads(internal_kv._internal_kv_get(key, namespace=namespace))\n"
        "known['ray_version'] = sys.argv[2]\n"
        "internal_kv._internal_kv_put(key, json.dumps(known).encode(), overwrite=True, namespace=namespace)\n"
    )
    version = subprocess.run([BIN / "ray", "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    run_with_token(sys.executable, "-c", code, address, "2.3.4").check_returncode()
    try:
        result = ablate_run("--address", address)
    finally:
        undo = code.replace("ray.init(", "ray._private.utils.check_version_info = lambda *a, **k: None\nray.init(")
        run_with_token(sys.executable, "-c", undo, address, version)
    assert result.returncode == 1
    (line,) = [line for line in result.stderr.splitlines() if "Version mismatch" in line]
    assert line.startswith(f"no Ray cluster at {address}")
    assert "2.3.4" in line
    assert version in line


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("127.0.0.1:{free_port}", 1, "connection refused; start one there with `ray start --head`"),
        ("no-such-host.invalid:6379", 1, "no Ray cluster at no-such-host.invalid:6379"),
        ("ray://127.0.0.1:10001", 2, "run this on a machine of the cluster"),
    ],
)
def test_an_address_without_a_cluster_is_refused_within_seconds(folder: Path, given: str, code: int, said: str) -> None:
    address = given.format(free_port=free_port())
    result = ablate_run("--address", address) if code == 1 else ablate_run(RAY_ADDRESS=address)
    assert result.returncode == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr
