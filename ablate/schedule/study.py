"""A whole study: what is to be searched is chosen first, then its trials are trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from ablate.errors import TrialsFailed
from ablate.records import Store
from ablate.schedule.budget import time_budget
from ablate.schedule.cluster import connect
from ablate.schedule.estimate import check_cost
from ablate.schedule.logs import open_logs
from ablate.schedule.options import Options
from ablate.schedule.progress import Watch
from ablate.schedule.run import run_trials
from ablate.schedule.signals import interruptible
from ablate.schedule.work import read_work
from ablate.search import CellSearch, decide, failed_trials
from ablate.spec.source.wording import plural
from ablate.spec.study.study import Study

CreateWatch = Callable[[], Watch]  # for one round of training
Train = Callable[..., object]  # `run_trials` of a store, with the options and loggers of a search


def run_study(
    study: Study,
    store: Store,
    options: Options | None = None,
    *,
    watch: CreateWatch = Watch,
    **changes: Any,
) -> Study:
    """Train what is missing of the study; return it with the settings that its search has chosen.

    Args:
        study: with or without a search.
        store: where records are and go.
        options: how trials are trained. `retry_failed` is also for those of the search, `keep_weights` is not.
        watch: shows a round of training.
        changes: fields of `Options` by name.

    Raises:
        TrialsFailed: a trial failed, or no setting of a cell could be trained to its end.
        OverBudget: it would cost more than `max_cost`, or the `time_budget` is spent.
        AblateError: as `run_trials`.
    """
    options = replace(options or Options(), **changes)
    with time_budget(options.time_budget):
        if options.max_cost is not None:
            check_cost(read_work(study, store, options), options, watch().note)
        return _run(study, store, replace(options, time_budget=None), watch)


def _run(study: Study, store: Store, options: Options, watch: CreateWatch) -> Study:
    logs = open_logs(study.name, store, options)
    if study.search is None:
        run_trials(study.trials, store, options, watch=watch(), logs=logs)
        return study
    for trial in failed_trials(decide(study, store.read)[1]) if options.retry_failed else ():
        store.remove(trial.id)
    with _one_ray(study, store, options):
        options_of_search = replace(options, retry_failed=False, keep_weights=False)
        train = partial(run_trials, store=store, options=options_of_search, logs=logs)
        study, searches = _search(study, store, train, watch)
        wanted = [trial for trial in study.trials if not trial.cell.undecided]
        run_trials(wanted, store, options, watch=_say_chosen(searches, watch()), logs=logs)
    _check(searches)
    return study


def _search(study: Study, store: Store, train: Train, watch: CreateWatch) -> tuple[Study, tuple[CellSearch, ...]]:
    """Rounds of training, each of the settings proposed next in every cell, until all budgets are spent."""
    before: set[str] = set()
    while True:
        decided, searches = decide(study, store.read)
        missing = {trial.id for one in searches for trial in one.missing}
        if not missing:
            return decided, searches
        _train(searches, train, watch(), final=missing == before)
        before = missing


def _say_chosen(searches: tuple[CellSearch, ...], watch: Watch) -> Watch:
    for one in searches:
        if one.chosen:
            value, setting = one.chosen.metric(one.search.metric), one.search.name(one.chosen.setting)
            watch.note(f"Chosen: {one.cell.name} {setting}, with the lowest {one.search.metric}, {value:.4g}")
    return watch


def _train(searches: tuple[CellSearch, ...], train: Train, watch: Watch, final: bool) -> None:
    """Train what has been proposed so far. A setting that fails is not chosen; it does not end the search."""
    tried = min(len(one.sampled) for one in searches)
    watch.note(f"Search: {tried} of {searches[0].search.num_settings} settings in each of {len(searches)} cells.")
    try:
        train([s.trial for one in searches for s in one.sampled], watch=watch)
    except TrialsFailed:
        if final:  # nothing has changed since the last round
            raise


@contextmanager
def _one_ray(study: Study, store: Store, options: Options) -> Iterator[None]:
    """One Ray for all rounds, if anything is to be trained at all."""
    decided, searches = decide(study, store.read)
    ids = [trial.id for trial in decided.trials]
    if options.serial or not (any(one.missing for one in searches) or len(store.read_all(ids)) < len(ids)):
        yield
        return
    with interruptible(), connect(options.address, options.num_cpus):
        yield


def _check(searches: tuple[CellSearch, ...]) -> None:
    if without := [one.cell.name for one in searches if not one.chosen]:
        raise TrialsFailed(f"no setting was trained to its end in {', '.join(without)}; widen or move `search:`")
    if failed := failed_trials(searches):
        number = plural(len(failed), "trial")
        raise TrialsFailed(f"{number} of the search failed; `ablate status` says why, --retry-failed trains them again")
