"""The command itself, killed and stopped for real; what is left behind, and what the same command then does."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ablate.records import Record, Store
from ablate.schedule import run_trials
from ablate.schedule.progress import Watch
from ablate.spec import Study

ABLATE = Path(sys.executable).with_name("ablate")
OVERRIDES = ["train.epochs=20", "seeds=3"]  # six trials of one or two seconds
DYING_SECONDS = 75.0  # Ray waits a minute for a Ray that was killed while it started

CreateStudy = Callable[..., Study]
Result = Callable[[Record], object]
Command = Callable[[], "subprocess.Popen[str]"]
pytestmark = pytest.mark.slow


@pytest.fixture
def command(study_file: Path, store: Store) -> Command:
    """Start `ablate run`, as in a terminal: at the head of a process group, to which Ctrl+C goes."""
    environment = os.environ | {"ABLATE_STORE": str(store.folder)}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [ABLATE, "run", study_file, *OVERRIDES],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,
        )

    return start


def descendants(store: Store) -> list[int]:
    """Processes that were given the store, however they are related to the command by now."""
    marker = f"ABLATE_STORE={store.folder}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has just ended
    return found


def assert_all_die(store: Store) -> None:
    deadline = time.monotonic() + DYING_SECONDS
    while left := descendants(store):
        assert time.monotonic() < deadline, [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left]
        time.sleep(0.2)


def records(store: Store) -> dict[Path, int]:
    """Every record file, and when it was written."""
    return {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.json")}


@contextmanager
def records_stay(store: Store) -> Iterator[None]:
    before = records(store)
    yield
    assert before.items() <= records(store).items()


def await_claim(store: Store, process: subprocess.Popen[str]) -> int:
    """The process that has claimed a trial."""
    while True:
        for path in store.folder.rglob("*.claim"):
            with suppress(OSError, ValueError):  # being written, or just released
                return int(json.loads(path.read_text())["pid"])
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


def go_on(pid: int, is_time: Callable[[], bool]) -> None:
    """Wake the process when it is time, at the latest after two minutes."""
    deadline = time.monotonic() + 120
    while not is_time() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(pid, signal.SIGCONT)


@pytest.fixture
def undisturbed(create_study: CreateStudy, tmp_path: Path, watch: Watch, result: Result) -> dict[str, object]:
    store = Store(tmp_path / "undisturbed")
    trials = create_study(*OVERRIDES).trials
    run_trials(trials, store, serial=True, watch=watch)
    return {id_: result(record) for id_, record in store.read_all(trial.id for trial in trials).items()}


def assert_equal(store: Store, undisturbed: dict[str, object], result: Result) -> None:
    found = {id_: result(record) for id_, record in store.read_all(undisturbed).items()}
    assert found == undisturbed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_in_order(command: Command, store: Store, number: signal.Signals) -> None:
    with command() as process:
        await_claim(store, process)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        start = time.monotonic()
        process.wait()
        assert time.monotonic() - start < 7
        output, _ = process.communicate()
    assert process.returncode == 130
    assert "stopping; what has finished is kept" in output
    assert f"stopped: {len(records(store))} of 6 trials recorded; run the same command again to go on" in output
    assert "Traceback" not in output
    assert_all_die(store)
    with records_stay(store), command() as process:
        output, _ = process.communicate()
    assert process.returncode == 0, output


def test_sigterm_to_the_whole_group_ends_soon_although_ray_dies_first(command: Command, store: Store) -> None:
    with records_stay(store), command() as process:
        await_claim(store, process)
        os.killpg(process.pid, signal.SIGTERM)
        start = time.monotonic()
        process.wait()
        assert time.monotonic() - start < 10
    assert process.returncode in (130, 1)  # 1: Ray ended the process before we could
    assert_all_die(store)


def test_a_second_ctrl_c_ends_at_once(command: Command, store: Store) -> None:
    with command() as process:
        await_claim(store, process)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
        start = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
        assert time.monotonic() - start < 2
        output, _ = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in output
    assert_all_die(store)


def test_ctrl_c_while_ray_starts(command: Command, store: Store) -> None:
    for seconds in (1.0, 2.0, 3.0, 5.0):
        with command() as process:
            time.sleep(seconds)
            os.killpg(process.pid, signal.SIGINT)
            output, _ = process.communicate()
        assert process.returncode in (130, 1), output  # 1: before the command has begun
        assert "Traceback" not in output or seconds < 2, output
    assert_all_die(store)


def test_two_commands_on_one_study_train_nothing_twice(
    command: Command, store: Store, undisturbed: dict[str, object], result: Result
) -> None:
    written: dict[Path, set[int]] = {}
    processes = [command(), command()]
    while any(process.poll() is None for process in processes):
        for path, moment in records(store).items():
            written.setdefault(path, set()).add(moment)
        time.sleep(0.02)
    for process in processes:
        output, _ = process.communicate()
        assert process.returncode == 0, output
        assert "6 requested = 6 finished" in output
    assert {len(moments) for moments in written.values()} == {1}
    assert_equal(store, undisturbed, result)


def test_a_record_of_another_command_that_lacks_a_diagnostic_is_completed(
    command: Command, create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    """What the other trains stands still until all else is done, so that it is come back to."""
    console: io.StringIO = watch.console.file  # type: ignore[assignment]
    with command() as process:
        pid = await_claim(store, process)
        os.kill(pid, signal.SIGSTOP)
        going_on = threading.Thread(target=go_on, args=(pid, lambda: "left to process" in console.getvalue()))
        going_on.start()
        trials = create_study(*OVERRIDES, "diagnostics=[lesions]").trials
        run_trials(trials, store, serial=True, watch=watch)
        going_on.join()
        output, _ = process.communicate()
    assert process.returncode == 0, output
    assert "left to process" in console.getvalue()
    found = store.read_all(trial.id for trial in trials)
    assert [record.lacks(trial.diagnostics.required) for trial, record in zip(trials, found.values(), strict=True)] == [
        []
    ] * 6
