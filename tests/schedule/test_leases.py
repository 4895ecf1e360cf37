"""Claims where there are no locks: one holder at a time, the dead found out, the living left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from ablate.records import Store
from ablate.schedule.claims import claim, claimant, heart, holders, is_held
from ablate.schedule.claims.lease import take
from ablate.storage import Remote

HOLD = """
import sys, time
from ablate.schedule.claims import heart
from ablate.schedule.claims.lease import take
from ablate.storage import Remote
heart.BEAT_SECONDS = 0.2
lease = take(Remote(sys.argv[1]), "abc")
print(lease is not None, flush=True)
time.sleep(60)
"""
ADD = """
import sys, time
from pathlib import Path
from ablate.schedule.claims.lease import take
from ablate.storage import Remote
storage, number = Remote(sys.argv[1]), Path(sys.argv[2])
for _ in range(int(sys.argv[3])):
    while not (lease := take(storage, "abc")): time.sleep(0.001)
    value = int(number.read_text()); time.sleep(0.001); number.write_text(str(value + 1))
    lease.release()
"""


@contextmanager
def another(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the claim."""
    with subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


@pytest.fixture(params=["memory", "s3"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return f"memory://{uuid4().hex}"
    return str(request.getfixturevalue("s3_url"))


def test_a_claim_is_taken_once_and_again_after_its_release(url: str) -> None:
    store = Store(url)
    assert is_held(store, "abc") is None
    for _ in range(2):
        taken = claim(store, "abc")
        other = claim(store, "abd")
        assert taken
        assert other
        assert claim(store, "abc") is None
        assert is_held(store, "abc") == claimant(store, "abc") == f"process {os.getpid()} on {os.uname().nodename}"
        assert holders(store, ["abc", "abe"]).keys() == {"abc"}
        taken.release()
        assert is_held(store, "abc") is None
        other.release()
    assert store.storage.names("") == []


def test_the_claim_of_a_killed_process_is_free_at_once(s3_url: str) -> None:
    store = Store(s3_url)
    with another(s3_url) as process:
        assert claim(store, "abc") is None
        assert f"process {process.pid} on" in claimant(store, "abc")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert is_held(store, "abc") is None
    taken = claim(store, "abc")
    assert taken
    taken.release()
    assert [name for name in store.storage.names("") if not name.startswith("claims/hearts")] == []


@pytest.mark.slow
def test_one_that_shows_no_sign_of_life_is_taken_over(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "LEASE_SECONDS", 1.5)
    store = Store(s3_url)
    with another(s3_url) as process:
        start = time.monotonic()
        while time.monotonic() - start < 4:  # it beats
            assert claim(store, "abc") is None
            time.sleep(0.1)
        process.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        while not (taken := claim(store, "abc")):
            assert time.monotonic() - start < 60
            time.sleep(0.1)
        assert time.monotonic() - start >= 1.0
        process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        assert claim(store, "abc") is None
        taken.release()


@pytest.mark.slow
def test_time_in_which_nobody_looked_does_not_count(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(heart, "GAP_SECONDS", 0.1)
    with another(s3_url) as process:
        process.send_signal(signal.SIGSTOP)
        for _ in range(3):
            assert claim(Store(s3_url), "abc") is None
            time.sleep(0.3)


def add_with_claims(url: str, tmp_path: Path, times: int) -> int:
    """What four processes have come to, that add one so many times."""
    number = tmp_path / "number"
    number.write_text("0")
    command = [sys.executable, "-c", ADD, url, str(number), str(times)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    return int(number.read_text())


@pytest.mark.slow
def test_many_processes_never_hold_a_claim_together(tmp_path: Path) -> None:
    """Each adds one to a number in a file, by reading, waiting and writing: without claims, additions are lost."""
    assert add_with_claims(f"file://{tmp_path}/runs", tmp_path, 25) == 4 * 25


@pytest.mark.slow
def test_many_processes_never_hold_a_claim_on_s3_together(s3_url: str, tmp_path: Path) -> None:
    assert add_with_claims(s3_url, tmp_path, 5) == 4 * 5


def test_two_that_take_over_from_the_same_dead_do_not_both_succeed(s3_url: str) -> None:
    """One has seen that the holder is dead; before it goes on, another takes over, ends, and a third begins anew."""
    storage = Remote(s3_url)
    with another(s3_url) as process:
        process.kill()
        process.wait()

    class Slow(Remote):
        third = None

        def write(self, name: str, *content: bytes) -> None:
            if "trials" in name and self.third is None:
                second = take(storage, "abc")
                assert second
                second.release()
                self.third = take(storage, "abc")
            super().write(name, *content)

    slow = Slow(s3_url)
    assert take(slow, "abc") is None
    assert slow.third
    assert take(storage, "abc") is None
    slow.third.release()
    last = take(slow, "abc")
    assert last
    last.release()
    assert [name for name in storage.names("claims") if "hearts" not in name] == []
