"""The sign of life of a process that holds claims in a storage without locks: a file that it keeps rewriting."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from ablate.storage import Remote

FOLDER = "claims/hearts"
BEAT_SECONDS = 10.0
LEASE_SECONDS = 60.0  # a heart that has not beaten for as long has stopped
GAP_SECONDS = 30.0  # between two looks, at most, for the time between them to count
OLD_SECONDS = 600.0  # by the clock, which may be wrong: only for who asks in passing


@dataclass(frozen=True)
class Holder:
    """A process, as others know it."""

    pid: int
    host: str
    machine: str  # equal where process ids mean the same; empty where that is not known
    started: str  # tells it from a later process of the same number

    @classmethod
    def here(cls) -> Holder:
        """This process."""
        return cls(os.getpid(), socket.gethostname(), _machine(), _started(os.getpid()))

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    @property
    def is_known_dead(self) -> bool:
        """Whether it was a process of this machine and is none any more."""
        return bool(self.machine) and self.machine == _machine() and _started(self.pid) != self.started


class Heart:
    """Beats from its creation to `stop`; what it holds meanwhile is held."""

    def __init__(self, storage: Remote) -> None:
        self.storage, self.id, self.held = storage, uuid4().hex, set[str]()
        self._stopped = threading.Event()
        self._beat()
        threading.Thread(target=self._beat_on, daemon=True, name="ablate-claims").start()

    def stop(self) -> None:
        """Nothing is held any more."""
        self._stopped.set()
        with suppress(OSError):
            bury(self.storage, self.id)

    def _beat(self) -> None:
        sign = {"time": time.time(), "holder": asdict(Holder.here())}
        self.storage.write(_beat_name(self.id), json.dumps(sign).encode())

    def _beat_on(self) -> None:
        while not self._stopped.wait(BEAT_SECONDS):
            with suppress(OSError):  # the next may do; if none does in time, others may take what is held
                self._beat()
            if self._stopped.is_set():
                self.stop()


@dataclass
class Sight:
    """A beat, and since when and until when it has been seen, by our own clock."""

    beat: bytes
    first: float
    last: float


SIGHTS: dict[str, Sight] = {}  # by the heart's id


def is_alive(storage: Remote, heart_id: str) -> bool:
    """Whether the heart beats. A stopped one is found out by looking, again and again, for `LEASE_SECONDS`."""
    try:
        beat = storage.read(_beat_name(heart_id))
    except FileNotFoundError:
        return False  # it has ended in order
    if _holder(beat).is_known_dead:
        return False
    now = time.monotonic()
    sight = SIGHTS.get(heart_id)
    if sight is None or sight.beat != beat or now - sight.last > GAP_SECONDS:
        SIGHTS[heart_id] = Sight(beat, now, now)
        return True
    sight.last = now
    return now - sight.first < LEASE_SECONDS


def find_living(storage: Remote, heart_ids: Iterable[str], silence: float = OLD_SECONDS) -> dict[str, Holder]:
    """Whose hearts beat, by the heart's id, as far as one look tells: seconds of silence are by the clock."""
    ids = {_beat_name(heart_id): heart_id for heart_id in heart_ids}
    beats = {ids[name]: beat for name, beat in storage.read_many(ids)}
    recent = {id_: _holder(beat) for id_, beat in beats.items() if time.time() - json.loads(beat)["time"] < silence}
    return {heart_id: holder for heart_id, holder in recent.items() if not holder.is_known_dead}


def list_hearts(storage: Remote) -> list[str]:
    """The ids of all, whether they beat or not."""
    return [name.rpartition("/")[2] for name in storage.names(FOLDER)]


def bury(storage: Remote, heart_id: str) -> None:
    """Nobody is to look at it again. Raises OSError."""
    storage.remove(_beat_name(heart_id))


def _beat_name(heart_id: str) -> str:
    return f"{FOLDER}/{heart_id}"


def _holder(beat: bytes) -> Holder:
    return Holder(**json.loads(beat)["holder"])


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
