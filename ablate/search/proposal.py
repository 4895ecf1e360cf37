"""The settings that a search tries next in a cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from ablate.search.sampled import Sampled
from ablate.spec.study.factors import same
from ablate.spec.study.search import Search
from ablate.spec.study.settings import Setting


def propose(search: Search, earlier: Sequence[Sampled], number: int) -> list[Setting]:
    """So many settings that are none of the earlier ones, which must all have a record.

    Raises:
        UsageError: the search needs Optuna, which is not installed.
    """
    if search.algorithm != "optuna":
        return list(search.settings[len(earlier) : len(earlier) + number])
    from ablate.search.tpe import suggest

    seen = {same(one.setting): one.setting for one in earlier}
    new: dict[str, Setting] = {}
    for setting in [*suggest(search, earlier, number), *search.settings]:
        if same(setting) not in seen:
            new.setdefault(same(setting), setting)
    return list(islice(new.values(), number))
