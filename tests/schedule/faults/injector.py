"""Faults at random moments of a command's training, each injected for real and counted."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ablate.records import Store

POLL_SECONDS = 0.02


class Injector:
    """Knows which processes train what, waits for random moments, and counts what it has done."""

    def __init__(self, store: Store, seed: int) -> None:
        self.folder = Path(store.folder)
        self.chance = random.Random(seed)
        self.injected: Counter[str] = Counter()
        self.at_death: dict[str, int] = {}  # the checkpoint that a trial had when it was last disturbed

    def under_way(self) -> dict[str, int]:
        """The trials that train, and the processes that do it."""
        found = {}
        for path in self.folder.glob("*/*.claim"):
            try:
                found[path.stem] = int(json.loads(path.read_text())["pid"])
            except (OSError, ValueError, KeyError):
                continue  # being written, or just released
        return found

    def checkpoint(self, trial_id: str) -> int:
        """Names the trial's checkpoint; 0 without one."""
        try:
            return (self.folder / "checkpoints" / trial_id / "state").stat().st_mtime_ns
        except OSError:
            return 0

    def has_advanced(self, trial_id: str) -> bool:
        """Whether it has a newer checkpoint than when it was last disturbed."""
        return self.checkpoint(trial_id) > self.at_death.get(trial_id, 0)

    def wait(self, is_alive: Callable[[], bool], among: Callable[[int], bool] = lambda pid: True) -> str | None:
        """A random trial under way, at a random moment after it has advanced; None once the command has ended.

        Args:
            is_alive: whether the command runs.
            among: whether a process is one to be disturbed.
        """
        num = self.chance.randint(1, 3)  # checkpoints
        seen: dict[str, set[int]] = {}
        while is_alive():
            trials = [trial_id for trial_id, pid in self.under_way().items() if among(pid)]
            for trial_id in trials:
                if self.has_advanced(trial_id):
                    seen.setdefault(trial_id, set()).add(self.checkpoint(trial_id))
            ready = [trial_id for trial_id in trials if len(seen.get(trial_id, ())) >= num]
            if ready:
                time.sleep(self.chance.uniform(0, 0.2))
                return self.chance.choice(ready)
            time.sleep(POLL_SECONDS)
        return None

    def count(self, kind: str, *trial_ids: str) -> None:
        """A fault has been injected that ends these trials for now."""
        self.injected[kind] += 1
        for trial_id in trial_ids:
            self.at_death[trial_id] = self.checkpoint(trial_id)

    def kill_worker(self, is_alive: Callable[[], bool]) -> bool:
        """Kill -9 a process that trains; False once the command has ended."""
        trial_id = self.wait(is_alive)
        pid = self.under_way().get(trial_id or "")
        if trial_id and pid:
            self.count("worker", trial_id)
            os.kill(pid, signal.SIGKILL)
            while self.under_way().get(trial_id) == pid and Path(f"/proc/{pid}").exists():
                time.sleep(POLL_SECONDS)
        return trial_id is not None


class Audit:
    """Watches the records of a store: none may change or go once it is there, whatever happens."""

    def __init__(self, store: Store) -> None:
        self.folder = Path(store.folder)
        self.seen: dict[Path, tuple[int, int]] = {}  # file and moment of writing
        self.broken: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Audit:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()
        if error[0] is None:
            assert self.broken == []

    def _watch(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self._look()

    def _look(self) -> None:
        found = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in self.folder.glob("??/*.json")}
        self.broken += [f"{path} has changed" for path in self.seen.keys() & found if self.seen[path] != found[path]]
        self.broken += [f"{path} is gone" for path in self.seen.keys() - found]
        self.seen.update(found)


@contextmanager
def running(command: list[str], output: Path) -> Iterator[subprocess.Popen[str]]:
    """The command at the head of a process group, as in a terminal; what it prints is in the file."""
    with output.open("a") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
