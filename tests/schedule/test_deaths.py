"""Which deaths of a process count against the trials that it trained."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ray.exceptions import ActorDiedError

from ablate.records import Store
from ablate.schedule import run_trials
from ablate.schedule.deaths import Deaths, read_death
from ablate.schedule.progress import Watch
from ablate.spec import Study, Trial
from ablate.train.checkpoint.file import write_checkpoint

CreateStudy = Callable[..., Study]
KILLED_BY_RAY = """Task was killed due to the node running low on memory.
Memory on the node (IP: 10.0.0.7, ID: 05fc6c67) was 22.85GB used / 23.54GB limit (0.97)
Selected to kill: (Actor(a9e9): task name=A.__init__, pid=2380, actual memory used=9.06GB, worker ID=0c)
Refer to the documentation on how to address the out of memory issue."""  # from Ray 2.60, shortened


def reach(store: Store, trial: Trial, step: int) -> None:
    write_checkpoint(store, trial.id, {}, f'{{"step": {step}}}', {})


def test_only_deaths_without_progress_add_up(create_study: CreateStudy, store: Store) -> None:
    (trial, other, *_) = create_study().trials
    deaths, pack = Deaths(store), (trial, other)
    assert [deaths.enter(pack) for _ in range(3)] == [1, 2, 3]
    reach(store, other, 5)
    assert [deaths.enter(pack) for _ in range(2)] == [1, 2]
    reach(store, other, 4)  # started again, since its checkpoint was lost: that is not further
    assert deaths.enter(pack) == 3
    reach(store, trial, 1)
    assert deaths.enter(pack) == 1
    assert deaths.enter((other,)) == 1  # by itself it has not died yet


def test_a_record_is_progress(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    (trial, other, *_) = create_study().trials
    deaths, pack = Deaths(store), (trial, other)
    assert [deaths.enter(pack) for _ in range(2)] == [1, 2]
    run_trials([trial], store, serial=True, watch=watch)
    assert [deaths.enter(pack) for _ in range(2)] == [1, 2]


def test_a_checkpoint_that_cannot_be_read_is_no_progress(create_study: CreateStudy, store: Store) -> None:
    (trial, *_) = create_study().trials
    deaths = Deaths(store)
    for content in (b"", b"cut short", b"a\nb\nc\n", b'a\nb\n{"epoch": 3}\n', b"\xff\n\xff\n\xff\n"):
        store.write_checkpoint(trial.id, content)
        deaths.enter((trial,))
    assert deaths.enter((trial,)) == 6


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Worker exit type: SYSTEM_ERROR Worker exit detail: Worker unexpectedly exits. End of file.", "Worker unexpe"),
        ("The actor died because its node has died. Node Id: e55c", "its node has died"),
        ("first\nlast\n", "last"),
    ],
)
def test_why_a_process_died_is_one_line(text: str, cause: str) -> None:
    death = read_death(RuntimeError(text), memory=7)
    assert death.cause.startswith(cause)
    assert "\n" not in death.cause
    assert (death.is_of_memory, death.memory) == (False, 7)
    assert read_death(ActorDiedError()).cause


def test_a_process_that_ray_ended_for_memory_says_what_it_held() -> None:
    death = read_death(RuntimeError(KILLED_BY_RAY), memory=10**9)
    assert death.is_of_memory
    assert death.cause == "holding 9.06 GB when 22.85 of 23.54 GB of its machine were in use"
    assert death.memory == 9_060_000_000
