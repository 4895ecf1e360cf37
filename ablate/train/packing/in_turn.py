"""The independent way: any trials, each with a network of its own, taking their steps in turn.

On a GPU each replays its steps on a stream of its own, so that the kernels of small networks run side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ablate.train.packing.member import Member


def train_in_turn(members: Sequence[Member]) -> Iterator[Member]:
    """Train all; yield each as soon as it has ended. None of them sees that there are others."""
    waiting = list(members)
    while waiting:
        for member in waiting:
            member.go_on()
        yield from (member for member in waiting if member.has_ended)
        waiting = [member for member in waiting if not member.has_ended]
