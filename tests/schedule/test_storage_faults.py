"""The command on storages that fail for real: an S3 server cut off, a folder moved away, a disk that is full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest
from negligible import STUDY
from s3_server import Proxy

from ablate.records import Record, Store
from ablate.schedule import run_trials
from ablate.schedule.claims import tidy
from ablate.spec import load_study
from ablate.storage import Remote

OVERRIDES = ["train.epochs=8", "seeds=2"]  # four trials of a second

Result = Callable[[Record], object]


class Command:
    """`ablate run` as a process; what it has printed so far."""

    def __init__(self, file: Path, store: str | Path, options: list[str], environment: dict[str, str]) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ablate", "run", file, *OVERRIDES, *options, "--store", str(store)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(self.process.stdout)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def await_text(self, text: str, times: int = 1) -> None:
        while self.output.count(text) < times:
            assert self.process.poll() is None, self.output
            time.sleep(0.05)

    def wait(self) -> int:
        status = self.process.wait()
        self.reader.join()
        return status


Start = Callable[..., AbstractContextManager[Command]]


@pytest.fixture
def start(study_file: Path) -> Start:
    """Start `ablate run` of a store; killed at the end, if need be."""

    @contextmanager
    def start(store: str | Path, *options: str, **environment: str) -> Iterator[Command]:
        command = Command(study_file, store, ["--no-tensorboard", *options], environment)
        try:
            yield command
        finally:
            with suppress(ProcessLookupError):
                os.killpg(command.process.pid, signal.SIGKILL)
            command.wait()
            command.process.stdout.close()  # type: ignore[union-attr]

    return start


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, result: Result) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "study.yaml").write_text(STUDY)
    store, trials = Store(folder / "runs"), load_study(folder / "study.yaml", OVERRIDES).trials
    run_trials(trials, store, serial=True)
    return {id_: result(record) for id_, record in store.read_all(trial.id for trial in trials).items()}


def assert_complete(command: Command, store: Store, undisturbed: dict[str, object], result: Result) -> None:
    """The command has ended well, with the records of an undisturbed run, and nothing else is left."""
    assert command.wait() == 0, command.output
    assert "4 requested = 4 finished" in command.output
    assert {id_: result(record) for id_, record in store.read_all(undisturbed).items()} == undisturbed
    tidy(store)  # what could not be removed in an outage
    assert store.storage.names("") == sorted(f"{id_[:2]}/{id_}.json" for id_ in undisturbed)


pytestmark = pytest.mark.timeout(900)
BOTH = pytest.mark.parametrize("options", [["--serial"], ["--concurrency", "2"]], ids=" ".join)


@pytest.mark.slow
@BOTH
def test_a_server_that_is_cut_off_for_a_while(
    options: list[str], start: Start, s3_port: int, s3_url: str, undisturbed: dict[str, object], result: Result
) -> None:
    proxy, store = Proxy(s3_port), Store(s3_url)
    proxy.mend()
    with start(s3_url, *options, AWS_ENDPOINT_URL=f"http://127.0.0.1:{proxy.port}") as command:
        for times in (1, 2):
            command.await_text("✓", times)
            proxy.cut()
            command.await_text("the store fails (", times)
            proxy.mend()
        assert_complete(command, store, undisturbed, result)
    proxy.cut()
    assert "the store works again after" in command.output


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("is_replaced", [False, True], ids=["moved away", "a file in its place"])
def test_a_folder_that_is_away_for_a_while(
    options: list[str], is_replaced: bool, start: Start, tmp_path: Path, undisturbed: dict[str, object], result: Result
) -> None:
    folder, away = tmp_path / "runs", tmp_path / "away"
    with start(folder, *options) as command:
        for times in (1, 2):
            command.await_text("✓", times)
            folder.rename(away)
            if is_replaced:
                folder.write_text("")
            command.await_text("the store fails (", times)
            if is_replaced:
                folder.unlink()
            away.rename(folder)
        assert_complete(command, Store(folder), undisturbed, result)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def may_mount() -> bool:
    if os.geteuid() != 0:
        return False
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_mount = pytest.mark.skipif(not may_mount(), reason="needs to mount a small disk, as root")


def fill(folder: Path) -> Path:
    """A file that takes what is left."""
    path = folder / "full"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return path


@pytest.mark.slow
@needs_mount
def test_a_full_disk_is_waited_for(
    start: Start, tmp_path: Path, undisturbed: dict[str, object], result: Result
) -> None:
    with small_disk(tmp_path / "disk", "300k"):
        store = Store(tmp_path / "disk" / "runs")
        with start(store.folder, "--serial") as command:
            command.await_text("✓")
            path = fill(tmp_path / "disk")
            command.await_text("the store fails (No space left on device)")
            path.unlink()
            assert_complete(command, store, undisturbed, result)


@pytest.mark.slow
@needs_mount
@BOTH
def test_a_disk_that_stays_full_ends_the_run_and_nothing_older(
    options: list[str], start: Start, tmp_path: Path, undisturbed: dict[str, object], result: Result
) -> None:
    with small_disk(tmp_path / "disk", "300k"):
        store = Store(tmp_path / "disk" / "runs")
        with start(store.folder, *options, ABLATE_PATIENCE="1") as command:
            command.await_text("✓")
            path = fill(tmp_path / "disk")
            assert command.wait() == 1, command.output
        assert "No space left on device; free space or pass --store" in command.output
        assert "Traceback" not in command.output
        kept = {id_: store.path(id_).read_bytes() for id_ in undisturbed if store.has(id_)}  # type: ignore[union-attr]
        assert 1 <= len(kept) < 4
        path.unlink()
        with start(store.folder, *options) as command:
            assert_complete(command, store, undisturbed, result)
        assert {id_: store.path(id_).read_bytes() for id_ in kept} == kept  # type: ignore[union-attr]


@pytest.mark.slow
def test_two_commands_on_one_bucket_train_nothing_twice(
    start: Start, s3_url: str, undisturbed: dict[str, object], result: Result
) -> None:
    store = Store(s3_url)
    assert isinstance(store.storage, Remote)
    fs, bucket = store.storage.fs, store.storage.root.partition("/")[0]
    fs.make_bucket_versioned(bucket)  # so that everything ever written is seen
    with start(s3_url, "--serial") as first, start(s3_url, "--concurrency", "2") as second:
        assert_complete(first, store, undisturbed, result)
        assert_complete(second, store, undisturbed, result)
    versions = fs.call_s3("list_object_versions", Bucket=bucket)["Versions"]
    assert sorted(v["Key"] for v in versions if v["Key"].endswith(".json")) == [
        f"runs/{id_[:2]}/{id_}.json" for id_ in sorted(undisturbed)
    ]


@pytest.mark.slow
def test_a_killed_command_goes_on_from_a_checkpoint_in_a_bucket(
    start: Start, s3_url: str, undisturbed: dict[str, object], result: Result
) -> None:
    store = Store(s3_url)
    with start(s3_url, "--serial", "--checkpoint-seconds", "0") as command:
        command.await_text("✓")
        while not store.storage.names("checkpoints"):
            time.sleep(0.02)
    with start(s3_url, "--serial") as command:
        command.await_text("from its checkpoint")
        assert_complete(command, store, undisturbed, result)
