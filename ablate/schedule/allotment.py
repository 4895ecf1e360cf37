"""How many trials run at a time and what each gets, from what there is, what is asked for, and what a trial needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ablate.errors import UsageError
from ablate.hardware import available_memory, free_gpu_memory, gpu_names
from ablate.schedule.cluster import Resources

MAX_TRIALS_PER_GPU = 16  # more gain nothing, however small the networks are
GPU_PART = 0.9  # of a GPU's memory that is given out
CONTEXT_BYTES = 600 * 2**20  # of a GPU's memory, that a process takes beside its tensors
UNITS = 10_000  # of a CPU or GPU: Ray counts in ten-thousandths


@dataclass(frozen=True)
class Node:
    """A machine, as far as it is free for trials; None where that is not known."""

    cpus: float
    gpus: float = 0.0
    memory: float | None = None  # bytes
    gpu_memory: float | None = None  # bytes, of each GPU


@dataclass(frozen=True)
class Demand:
    """What is asked for; None is left to us."""

    resources: Resources
    concurrency: int | None = None
    device: str = "auto"
    memory: float | None = None  # bytes that the largest trial needs, where it trains
    packs: bool = False  # a process has a GPU to itself, and trains as many trials at a time as that holds


@dataclass(frozen=True)
class Allotment:
    """What each process gets, how many run at a time, and what a person should know of it."""

    resources: Resources  # all known
    num_processes: int
    notes: tuple[str, ...] = ()


def read_nodes(*, local: bool) -> list[Node]:
    """Those of the Ray that is running; the memory of GPUs is asked of this machine only."""
    import ray

    gpu_memory = free_gpu_memory() if local and gpu_names() else None
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    return [Node(n.get("CPU", 0), n.get("GPU", 0), n.get("memory"), gpu_memory) for n in nodes]


def read_machine(cpus: float) -> Node:
    """This machine as the node that it would be, with so many CPUs."""
    num_gpus = len(gpu_names())
    return Node(cpus, num_gpus, available_memory(), free_gpu_memory() if num_gpus else None)


def allot(nodes: Sequence[Node], demand: Demand) -> Allotment:
    """Share the nodes out.

    Where GPUs are left open, each process gets the part of one that its memory and `concurrency` call for; if neither
    is known, a whole one. On CPUs, no more processes run than memory holds as far as that is known, but always one.

    Raises:
        UsageError: not even one process fits.
    """
    gpus, notes = _choose_gpus(nodes, demand)
    resources = Resources(demand.resources.cpus, gpus)
    places = [min(_fit(node.cpus, resources.cpus), _fit(node.gpus, gpus)) for node in nodes]
    if not sum(places):
        raise UsageError(_explain_lack(nodes, resources))
    wanted = int(min(sum(places), demand.concurrency or math.inf))
    held = wanted if gpus else _hold(nodes, places, demand.memory)
    if held < wanted:
        free = sum(node.memory or 0 for node in nodes)
        text = f"{held} at a time, not {wanted}: a trial needs about {gb(demand.memory)}, and {gb(free)} are free"
        return Allotment(resources, held, (*notes, text))
    return Allotment(resources, wanted, notes)


def _choose_gpus(nodes: Sequence[Node], demand: Demand) -> tuple[float, tuple[str, ...]]:
    """The GPUs of a process, and notes."""
    having, asked = [node for node in nodes if node.gpus], demand.resources.gpus
    if demand.device.startswith("cuda") and not (having and asked != 0):
        raise UsageError(f"--device {demand.device}: no GPU to train on; leave it out, or use another machine")
    if demand.device in ("cpu", "mps") or not having:
        return (asked or 0.0) if demand.device == "auto" else 0.0, ()
    holding = _trials_per_gpu(having, demand.memory)
    if asked is not None:
        return asked, _warn_of_memory(asked, holding, demand)
    if demand.packs:
        return 1.0, ()
    if demand.concurrency:
        wanted = math.ceil(demand.concurrency / sum(node.gpus for node in having))
    else:
        wanted = min(MAX_TRIALS_PER_GPU, *(int(node.cpus / (demand.resources.cpus * node.gpus)) for node in having))
        wanted = max(1, wanted if holding else 1)
    num = min(wanted, holding or wanted)
    text = f"{num} trials share a GPU: each needs about {gb(demand.memory)} of its memory"
    return math.floor(UNITS / num) / UNITS, (text,) if holding and num > 1 else ()


def _trials_per_gpu(nodes: Sequence[Node], memory: float | None) -> int | None:
    """How many the smallest GPU holds, one at least; None where that is not known."""
    if memory is None or any(node.gpu_memory is None for node in nodes):
        return None
    return max(1, int(min(node.gpu_memory or 0 for node in nodes) * GPU_PART / (memory + CONTEXT_BYTES)))


def _warn_of_memory(gpus: float, holding: int | None, demand: Demand) -> tuple[str, ...]:
    if holding is None or _fit(1.0, gpus) <= holding:
        return ()
    return (f"--gpus {gpus:g} may not fit: a trial needs about {gb(demand.memory)}, so a GPU holds {holding}",)


def _hold(nodes: Sequence[Node], places: Sequence[float], memory: float | None) -> int:
    """Processes that fit and whose memory does too."""
    rooms = [math.inf if not memory or node.memory is None else node.memory // memory for node in nodes]
    return max(1, int(sum(min(pair) for pair in zip(places, rooms, strict=True))))


def _fit(available: float, amount: float) -> float:
    return round(available * UNITS) // max(1, round(amount * UNITS)) if amount else math.inf


def _explain_lack(nodes: Sequence[Node], resources: Resources) -> str:
    largest = " or ".join(dict.fromkeys(f"{node.cpus:g} CPUs and {node.gpus:g} GPUs" for node in nodes))
    return f"a trial needs {resources.cpus:g} CPUs and {resources.gpus:g} GPUs; a machine here has {largest}"


def gb(number: float | None) -> str:
    """Bytes in gigabytes: `3.2 GB`."""
    return f"{(number or 0) / 1e9:.1f} GB"
