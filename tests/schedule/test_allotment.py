"""How machines are shared out: cases worked out by hand, and what holds in every case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.errors import UsageError
from ablate.hardware import find_hardware
from ablate.records import Store
from ablate.schedule import run_trials
from ablate.schedule.allotment import CONTEXT_BYTES, GPU_PART, MAX_TRIALS_PER_GPU, Demand, Node, allot
from ablate.schedule.cluster import Resources
from ablate.schedule.probes import Probe, workload, write_probe
from ablate.schedule.progress import Watch
from ablate.spec import Study

GB = 10**9
LAPTOP = Node(cpus=8, memory=16 * GB)
BOX = Node(cpus=64, gpus=4, memory=500 * GB, gpu_memory=80 * GB)


def demand(cpus: float = 1, gpus: float | None = None, **others: object) -> Demand:
    return Demand(Resources(cpus, gpus), **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("nodes", "asked", "gpus", "num_processes"),
    [
        ([LAPTOP], demand(), 0, 8),
        ([LAPTOP], demand(cpus=3), 0, 2),
        ([LAPTOP], demand(concurrency=3), 0, 3),
        ([LAPTOP, LAPTOP], demand(cpus=5), 0, 2),  # a trial does not stretch over machines
        ([LAPTOP], demand(memory=3 * GB), 0, 5),  # 16 / 3
        ([LAPTOP, LAPTOP], demand(memory=3 * GB), 0, 10),
        ([LAPTOP], demand(memory=3 * GB, concurrency=4), 0, 4),
        ([LAPTOP], demand(memory=99 * GB), 0, 1),  # measured too high, perhaps: it is for the trial to find out
        ([Node(cpus=8)], demand(memory=99 * GB), 0, 8),
        ([BOX], demand(), 1, 4),
        ([BOX], demand(concurrency=8), 0.5, 8),
        ([BOX], demand(concurrency=6), 0.5, 6),
        ([BOX], demand(memory=GB), 0.0625, 64),  # 44 fit, 16 at most
        ([BOX], demand(memory=14 * GB), 0.25, 16),  # 80 * 0.9 / 14.63 = 4.9
        ([BOX], demand(memory=14 * GB, concurrency=40), 0.25, 16),
        ([BOX], demand(memory=14 * GB, concurrency=2), 1, 2),
        ([BOX], demand(cpus=8, memory=GB), 0.5, 8),  # 64 CPUs are 8 trials
        ([BOX], demand(memory=200 * GB), 1, 4),
        ([BOX], demand(gpus=0.1), 0.1, 40),
        ([BOX], demand(gpus=0), 0, 64),
        ([BOX], demand(device="cpu"), 0, 64),
        ([BOX], demand(device="cpu", memory=100 * GB), 0, 5),
        ([BOX], demand(device="cuda"), 1, 4),
        ([BOX], demand(memory=GB, packs=True), 1, 4),  # a pack finds out itself how many fit
        ([BOX], demand(gpus=0.5, packs=True), 0.5, 8),
        ([LAPTOP], demand(packs=True), 0, 8),
        ([BOX, LAPTOP], demand(), 1, 4),  # the laptop has no GPU
    ],
)
def test_by_hand(nodes: list[Node], asked: Demand, gpus: float, num_processes: int) -> None:
    found = allot(nodes, asked)
    assert found.resources == Resources(asked.resources.cpus, gpus)
    assert found.num_processes == num_processes


def test_what_was_decided_by_memory_is_said() -> None:
    assert allot([LAPTOP], demand(memory=3 * GB)).notes == (
        "5 at a time, not 8: a trial needs about 3.0 GB, and 16.0 GB are free",
    )
    assert allot([BOX], demand(memory=14 * GB)).notes == (
        "4 trials share a GPU: each needs about 14.0 GB of its memory",
    )
    assert allot([BOX], demand(memory=14 * GB, gpus=0.1)).notes == (
        "--gpus 0.1 may not fit: a trial needs about 14.0 GB, so a GPU holds 4",
    )
    assert allot([LAPTOP], demand()).notes == allot([BOX], demand(concurrency=8)).notes == ()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (demand(cpus=16), "a trial needs 16 CPUs and 0 GPUs; a machine here has 8 CPUs and 0 GPUs"),
        (demand(gpus=0.5), "a trial needs 1 CPUs and 0.5 GPUs"),
        (demand(device="cuda"), "--device cuda: no GPU"),
    ],
)
def test_what_cannot_be_had_is_an_error(asked: Demand, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        allot([LAPTOP, LAPTOP], asked)


def test_a_gpu_that_is_not_to_be_used_is_an_error() -> None:
    with pytest.raises(UsageError, match="--device cuda"):
        allot([BOX], demand(gpus=0, device="cuda"))


Bytes = st.one_of(st.none(), st.integers(1, 10**12))
Nodes = st.lists(
    st.builds(Node, st.integers(1, 128), st.integers(0, 8), Bytes, st.integers(10**9, 2 * 10**11)),
    min_size=1,
    max_size=4,
)
Demands = st.builds(
    Demand,
    st.builds(Resources, st.integers(1, 16), st.one_of(st.none(), st.floats(0.01, 1))),
    st.one_of(st.none(), st.integers(1, 500)),
    st.sampled_from(["auto", "cpu", "cuda"]),
    Bytes,
)


@given(nodes=Nodes, asked=Demands)
def test_nothing_is_given_out_twice(nodes: list[Node], asked: Demand) -> None:
    try:
        found = allot(nodes, asked)
    except UsageError:
        return
    cpus, gpus = found.resources.cpus, found.resources.gpus or 0.0
    assert 1 <= found.num_processes <= (asked.concurrency or found.num_processes)
    assert found.num_processes * cpus <= sum(node.cpus for node in nodes)
    assert found.num_processes * gpus <= sum(node.gpus for node in nodes) * (1 + 1e-3)
    if asked.resources.gpus is None and gpus and asked.memory:
        per_gpu = round(1 / gpus)
        smallest = min(node.gpu_memory or 0 for node in nodes if node.gpus)
        assert per_gpu == 1 or per_gpu * (asked.memory + CONTEXT_BYTES) <= smallest * GPU_PART
        assert asked.concurrency or per_gpu <= MAX_TRIALS_PER_GPU
    if not gpus and asked.memory and found.num_processes > 1 and all(node.memory for node in nodes):
        assert found.num_processes * asked.memory <= sum(node.memory or 0 for node in nodes)


@given(nodes=Nodes, asked=Demands, more=st.integers(1, 10**12))
def test_who_needs_more_memory_is_given_no_more_places(nodes: list[Node], asked: Demand, more: int) -> None:
    if asked.memory is None:
        return
    try:
        found = allot(nodes, asked)
    except UsageError:
        return
    assert allot(nodes, replace(asked, memory=asked.memory + more)).num_processes <= found.num_processes


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_run_takes_no_more_trials_at_a_time_than_memory_holds(
    create_study: Callable[..., Study], store: Store, watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ABLATE_CACHE", str(tmp_path / "cache"))
    study = create_study()
    for cell in study.cells:
        sizes = dict.fromkeys(("peak_memory_bytes", "base_memory_bytes", "shared_memory_bytes"), 0)
        sizes["peak_memory_bytes"] = 4 * 10**12
        write_probe(workload(cell), find_hardware(), Probe(seconds_per_epoch=9, preparation_seconds=0, **sizes))
    run_trials(study.trials, store, concurrency=2, watch=watch)
    printed = watch.console.file.getvalue()  # type: ignore[attr-defined]
    assert "1 at a time, not 2: a trial needs about 4000.0 GB" in printed
