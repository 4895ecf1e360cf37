"""Machines of a real Ray cluster on this one, a CPU each, which can be lost at any moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

Machine = Any  # a node of Ray's


class Machines:
    """The head has no CPU, so that nothing is trained there: it is where the command runs."""

    def __init__(self) -> None:
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        self.running: list[Machine] = []

    @property
    def address(self) -> str:
        """For `--address`."""
        return str(self.cluster.address)

    def add(self, **variables: str) -> Machine:
        """One more, with these environment variables."""
        with set_variables(variables):
            machine = self.cluster.add_node(num_cpus=1)
        self.running.append(machine)
        return machine

    def kill_raylet(self, machine: Machine) -> None:
        """Kill -9 Ray's own process there; those that train notice, and end."""
        self.running.remove(machine)
        process = machine.all_processes["raylet"][0].process
        process.kill()
        process.wait()  # those that train look whether it is there, and a zombie is

    def lose(self, machine: Machine) -> None:
        """All of its processes end at once, as when the power fails."""
        self.running.remove(machine)
        for pid in [raylet(machine), *children(raylet(machine))]:
            os.kill(pid, signal.SIGKILL)
        self.cluster.remove_node(machine, allow_graceful=False)

    def close(self) -> None:
        """All end."""
        self.cluster.shutdown()


@contextmanager
def open_machines(number: int) -> Iterator[Machines]:
    """So many."""
    machines = Machines()
    try:
        for _ in range(number):
            machines.add()
        yield machines
    finally:
        machines.close()


@contextmanager
def paused(pids: Iterable[int]) -> Iterator[None]:
    """These processes stand still; those that have ended are left out."""
    stopped = [pid for pid in pids if send(pid, signal.SIGSTOP)]
    try:
        yield
    finally:
        for pid in stopped:
            send(pid, signal.SIGCONT)


def send(pid: int, number: signal.Signals) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def set_variables(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
        os.environ.update({name: before[name] for name in variables if name in before})


def raylet(machine: Machine) -> int:
    """The id of Ray's own process there."""
    return int(machine.all_processes["raylet"][0].process.pid)


def parent(pid: int) -> int | None:
    """The process that started it; None if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def children(pid: int) -> list[int]:
    """Those that it started, and that run."""
    pids = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return [child for child in pids if parent(child) == pid]
