"""`seeds:`: how many, or which."""

from __future__ import annotations

from typing import Any

from ablate.spec.source.problems import Problem
from ablate.spec.source.wording import quote
from ablate.spec.study.factors import same

MAX_SEEDS = 1_000


def read_seeds(written: Any) -> tuple[tuple[int, ...], list[Problem]]:
    """A count n means the seeds 0 to n - 1. What is neither a count nor a list is left to the schema."""
    if isinstance(written, int):
        return tuple(range(min(written, MAX_SEEDS))), []
    if not isinstance(written, list):
        return (), []
    first: dict[str, int] = {}
    again = [index for index, seed in enumerate(written) if first.setdefault(same(seed), index) != index]
    message = "given twice, got {}; list each seed once"
    return tuple(written), [Problem(("seeds", index), message.format(quote(written[index]))) for index in again]
