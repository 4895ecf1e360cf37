"""The order of the trials, and their grouping into packs: what one process trains in one go."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from ablate.spec.study.fusion import group_alike
from ablate.spec.study.study import Trial

Pack = tuple[Trial, ...]

PACK_SECONDS = 2.0  # small trials share a pack up to this estimate, so that handing them out costs next to nothing
PACKS_PER_PROCESS = 4  # at least, so that all processes end at about the same time


def order_trials(trials: Iterable[Trial], seconds: Mapping[str, float]) -> list[Trial]:
    """First seeds of all cells before second seeds, so that a study cut short is readable; then the longest first.

    Args:
        trials: all of the study, also those that have a record: they count for what is a cell's first seed.
        seconds: estimated cost by trial id.
    """
    seen: Counter[str] = Counter()
    ranked = []
    for trial in trials:
        ranked.append((seen[trial.cell.identity], trial))
        seen[trial.cell.identity] += 1
    return [trial for _, trial in sorted(ranked, key=lambda pair: (pair[0], -seconds[pair[1].id]))]


def form_packs(
    trials: Sequence[Trial],
    seconds: Mapping[str, float],
    num_processes: int,
    alone: Collection[str] = (),
) -> list[Pack]:
    """Cut the sequence into packs of at most `PACK_SECONDS`; a longer trial, or one in `alone`, is a pack itself."""
    share = sum(seconds[trial.id] for trial in trials) / (num_processes * PACKS_PER_PROCESS)
    limit = min(PACK_SECONDS, share)
    packs: list[list[Trial]] = []
    room = 0.0
    for trial in trials:
        room -= seconds[trial.id]
        if room < 0 or trial.id in alone or packs[-1][-1].id in alone:
            packs.append([])
            room = limit - seconds[trial.id]
        packs[-1].append(trial)
    return [tuple(pack) for pack in packs]


def bundle_trials(trials: Sequence[Trial], size: int, num_processes: int, alone: Collection[str] = ()) -> list[Pack]:
    """Packs of up to `size` trials that are trained at the same time; those in `alone` are packs themselves.

    Trials that can be one network come together, mostly the seeds of a cell: that goes before first seeds first, so of
    a study cut short some cells have all seeds and others none. A pack stands where its first member does. What is
    left over shares packs too, as long as every process has one.
    """
    size = min(size, math.ceil(len(trials) / num_processes))
    packs: list[Pack] = [(trial,) for trial in trials if trial.id in alone]
    single: list[Trial] = []
    for group in group_alike(trial for trial in trials if trial.id not in alone):
        full = len(group) - len(group) % size if len(group) % size == 1 else len(group)
        packs += [tuple(group[start : start + size]) for start in range(0, full, size)]
        single += group[full:]
    packs += [tuple(single[start : start + size]) for start in range(0, len(single), size)]
    places = {trial.id: place for place, trial in enumerate(trials)}
    return sorted(packs, key=lambda pack: places[pack[0].id])


def trial_ids(pack: Pack) -> tuple[str, ...]:
    """Those of its members."""
    return tuple(trial.id for trial in pack)
