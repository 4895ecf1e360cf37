"""How many groups run at a time, what each of their processes gets, and which trials they cannot train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ablate.errors import UsageError
from ablate.schedule.allotment import Allotment, Demand, Node, allot
from ablate.schedule.cluster import Resources
from ablate.schedule.packs import Pack


def allot_groups(nodes: Sequence[Node], demand: Demand, num_workers: int) -> Allotment:
    """Share the nodes out among groups of `num_workers` processes, each with a GPU of its own where there are any.

    A group may span nodes. Returns what a process gets, and how many groups run at a time.

    Raises:
        UsageError: not even one group fits.
    """
    has_gpu = any(node.gpus for node in nodes) and demand.device not in ("cpu", "mps") and demand.resources.gpus != 0
    resources = Resources(demand.resources.cpus, float(has_gpu))
    places = allot(nodes, replace(demand, resources=resources, concurrency=None, memory=None))
    num_groups = places.num_processes // num_workers
    if not num_groups:
        each = f"{resources.cpus:g} CPUs and {resources.gpus:g} GPUs"
        room = f"the machines here have room for {places.num_processes}"
        raise UsageError(f"--workers {num_workers}: a trial needs as many processes of {each}; {room}")
    return Allotment(resources, min(num_groups, demand.concurrency or num_groups), places.notes)


def refuse_accumulation(packs: Sequence[Pack]) -> None:
    """Batch norm by micro-batches that no process sees whole.

    Raises:
        UsageError: a recipe accumulates gradients.
    """
    names = dict.fromkeys(trial.cell.name for pack in packs for trial in pack if trial.cell.train.accumulate > 1)
    if names:
        raise UsageError(
            f"--workers cannot go with train.accumulate (in {', '.join(names)}): workers share each batch as it is; "
            "set train.accumulate to 1, or leave --workers out"
        )
