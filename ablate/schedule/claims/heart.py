"""The sign of life of a process that holds claims in a storage without locks: a file that it keeps rewriting."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from ablate.storage import Remote

BEAT_SECONDS = 10.0
LEASE_SECONDS = 60.0  # a heart that has not beaten for as long has stopped
GAP_SECONDS = 30.0  # between two looks, at most, for the time between them to count
OLD_SECONDS = 600.0  # by the clock, which may be wrong: only for who asks in passing


@dataclass(frozen=True)
class Holder:
    """A process, as others know it."""

    id: str  # of its heart
    pid: int
    host: str
    machine: str  # equal where process ids mean the same; empty where that is not known
    started: str  # tells it from a later process of the same number

    @classmethod
    def here(cls) -> Holder:
        """This process, with a new heart."""
        return cls(uuid4().hex, os.getpid(), socket.gethostname(), _machine(), _started(os.getpid()))

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    @property
    def beat(self) -> str:
        """The name of the file that it rewrites."""
        return f"claims/beats/{self.id}"

    @property
    def is_known_dead(self) -> bool:
        """Whether it was a process of this machine and is none any more."""
        return bool(self.machine) and self.machine == _machine() and _started(self.pid) != self.started


class Heart:
    """Beats from its creation to `stop`; what it holds meanwhile is held."""

    def __init__(self, storage: Remote) -> None:
        self.storage, self.holder, self.held = storage, Holder.here(), set[str]()
        self._stopped = threading.Event()
        self._beat()
        threading.Thread(target=self._beat_on, daemon=True, name="ablate-claims").start()

    def stop(self) -> None:
        """Nothing is held any more."""
        self._stopped.set()
        with suppress(OSError):
            self.storage.remove(self.holder.beat)

    def _beat(self) -> None:
        sign = {"time": time.time(), **asdict(self.holder)}
        self.storage.write(self.holder.beat, json.dumps(sign).encode())

    def _beat_on(self) -> None:
        while not self._stopped.wait(BEAT_SECONDS):
            with suppress(OSError):  # the next may do; one that comes too late is a lease that has ended
                self._beat()
        with suppress(OSError):
            self.storage.remove(self.holder.beat)  # one that was under way while it stopped


@dataclass
class Sight:
    """A beat, and the time by our own clock for which it has been looked at."""

    beat: bytes
    first: float
    last: float


SIGHTS: dict[str, Sight] = {}  # by the beat's name, which is nobody else's


def is_alive(storage: Remote, holder: Holder) -> bool:
    """Whether its heart beats. A stopped one is found out by looking, again and again, for `LEASE_SECONDS`."""
    if holder.is_known_dead:
        return False
    try:
        beat = storage.read(holder.beat)
    except FileNotFoundError:
        return False  # it has ended in order
    now = time.monotonic()
    sight = SIGHTS.get(holder.beat)
    if sight is None or sight.beat != beat or now - sight.last > GAP_SECONDS:
        SIGHTS[holder.beat] = Sight(beat, now, now)
        return True
    sight.last = now
    return now - sight.first < LEASE_SECONDS


def is_old(beat: bytes) -> bool:
    """Whether the clock says that it has stopped long ago."""
    return time.time() - float(json.loads(beat)["time"]) > OLD_SECONDS


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When the process was started, by the system's clock; empty where there is none, or nothing is known."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state in "ZX" else fields[18]
