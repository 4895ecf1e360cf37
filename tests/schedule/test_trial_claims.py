"""Claims: one holder at a time, none left by the dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ablate.errors import StoreError
from ablate.schedule.claims import holder, take

HOLD = "import sys, time; from pathlib import Path; from ablate.schedule.claims import take; "


def test_a_claim_is_taken_once_and_again_after_its_release(tmp_path: Path) -> None:
    path = tmp_path / "ab" / "abcd.claim"
    claim = take(path)
    assert claim is not None
    assert take(path) is None
    assert str(os.getpid()) in holder(path)
    claim.release()
    assert not path.exists()
    again = take(path)
    assert again is not None
    again.release()


def test_the_claim_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    path = tmp_path / "abcd.claim"
    code = HOLD + f"claim = take(Path({str(path)!r})); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert take(path) is None
        assert f"process {process.pid} on" in holder(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    claim = take(path)
    assert claim is not None
    claim.release()


def test_many_processes_never_hold_a_claim_together(tmp_path: Path) -> None:
    """Each adds one to a number in a file, by reading, waiting and writing: without claims, additions are lost."""
    path, number = tmp_path / "abcd.claim", tmp_path / "number"
    number.write_text("0")
    code = HOLD + (
        f"path, number = Path({str(path)!r}), Path({str(number)!r})\n"
        "for _ in range(25):\n"
        "    while not (claim := take(path)): time.sleep(0.0005)\n"
        "    value = int(number.read_text()); time.sleep(0.0005); number.write_text(str(value + 1))\n"
        "    claim.release()\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert number.read_text() == "100"


def test_a_folder_that_cannot_be_written_is_said_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.*cannot claim the trial.*--store"):
        take(tmp_path / "file" / "abcd.claim")


def test_whoever_left_no_name_is_another_process(tmp_path: Path) -> None:
    assert holder(tmp_path / "none.claim") == "another process"
    (tmp_path / "empty.claim").touch()
    assert holder(tmp_path / "empty.claim") == "another process"
