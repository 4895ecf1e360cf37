"""The fused way: trials of one network, trained as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ablate.errors import DataError, StoreError
from ablate.train.engine import Evaluation, Training
from ablate.train.failure import explain
from ablate.train.packing.fusion import Fusion, Note
from ablate.train.packing.member import Member
from ablate.train.run import Run
from ablate.train.step import Manner


class FusionFailed(Exception):
    """What the members do together cannot be done; that says nothing about any of them."""


def train_together(members: Sequence[Member], manner: Manner, note: Note) -> Iterator[Member]:
    """Train all, members of one `fusion_key`; yield each as soon as it has ended.

    Whoever is behind, having gone on from an earlier checkpoint, catches up first. A member that has ended, finished
    or diverged, leaves: the others go on in a smaller network.

    Raises:
        FusionFailed: e.g. for want of memory; members that have not ended are where they were.
    """
    for member in members:
        member.go_on()
    fusion: Fusion | None = None
    fused: list[Member] = []
    while True:
        yield from (member for member in members if member.has_ended)
        members = [member for member in members if not member.has_ended]
        if not members:
            return
        last = min(position(member) for member in members)
        if (now := [member for member in members if position(member) == last]) != fused:
            fusion, fused = None, now  # what the last one took is free before the next one is there
            with fusing():
                fusion = Fusion(now[0].trial.cell.network, [run_of(member) for member in now], manner, note)
        assert fusion is not None
        train_epoch(fusion, fused)


def train_epoch(fusion: Fusion, members: Sequence[Member]) -> None:
    """The coming epoch, or what is left of it, with the evaluations that follow it."""
    requests = [member.request for member in members]
    saves = [request.on_step for request in requests if isinstance(request, Training)]

    def save_all() -> None:
        for save in saves:
            save()

    with fusing():
        answers = fusion.train_epoch(save_all)
    for member, means in zip(members, answers, strict=True):
        member.go_on(means)
    while asking := [member for member in members if isinstance(member.request, Evaluation)]:
        request = asking[0].request
        assert isinstance(request, Evaluation)
        with fusing():
            answers = fusion.evaluate(request.split)
        for member, means in zip(members, answers, strict=True):
            if member in asking:
                member.go_on(means)


@contextmanager
def fusing() -> Iterator[None]:
    """What fails within is not a member's failure."""
    try:
        yield
    except (DataError, StoreError):
        raise
    except Exception as error:
        raise FusionFailed(explain(error)) from error


def run_of(member: Member) -> Run:
    """Of a member that waits for an epoch."""
    assert isinstance(member.request, Training)
    return member.request.run


def position(member: Member) -> tuple[int, int]:
    """Epochs done, and steps of the one under way."""
    run = run_of(member)
    return run.epoch, len(run.results)
