"""From the trials that are wanted to the records that exist: only what is missing is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ablate.errors import Interrupted, UsageError
from ablate.hardware import find_hardware
from ablate.records import Outcome, Record, Store
from ablate.schedule.allotment import Allotment, Demand, allot, read_nodes
from ablate.schedule.budget import time_budget
from ablate.schedule.claims import tidy
from ablate.schedule.cluster import connect
from ablate.schedule.distributed.allotment import allot_groups
from ablate.schedule.ledger import Ledger
from ablate.schedule.logs import Logs
from ablate.schedule.measures import measure_trials, seconds_of
from ablate.schedule.memory import find_memory
from ablate.schedule.options import Options
from ablate.schedule.progress import Watch
from ablate.schedule.rounds import Executor, Rounds
from ablate.schedule.serial import SerialExecutor
from ablate.schedule.signals import stop_on_signals
from ablate.schedule.training import Settings, is_wanting
from ablate.spec.source.wording import plural
from ablate.spec.study.study import Trial


def run_trials(
    wanted: Sequence[Trial],
    store: Store,
    options: Options | None = None,
    *,
    watch: Watch | None = None,
    logs: Logs | None = None,
    **changes: Any,
) -> dict[str, Outcome]:
    """Train the trials that lack a record, or something wanted beside it; return how each ended, by trial id.

    Trials of equal id are one trial. Every record is written by the process that trained it, as soon as it is known.
    Ray is imported only if a trial is missing, and not for `serial`.

    Args:
        wanted: all trials of the study.
        store: where records are and go.
        options: how they are trained.
        watch: shows progress; on standard output unless said otherwise.
        logs: the loggers that are told of every trial; none unless said otherwise.
        changes: fields of `Options` by name, e.g. `serial=True`.

    Raises:
        TrialsFailed: a trial failed, or has no record.
        Interrupted: Ctrl+C or SIGTERM.
        OverBudget: the `time_budget` is spent.
        DataError: a data set is missing or damaged.
        StoreError: records cannot be read or written.
        UsageError: a trial needs more than any machine has.
    """
    options = replace(options or Options(), **changes)
    records = _read_records(wanted, store, options)
    ledger = Ledger(wanted, records)
    hardware = find_hardware(options.device, options.cpus)
    measures = measure_trials(wanted, records, hardware)
    seconds = seconds_of(wanted, measures)
    watch, logs = watch or Watch(), logs or Logs()
    with time_budget(options.time_budget), watch, stop_on_signals():
        watch.begin(ledger, seconds)
        try:
            if ledger.missing:
                store.prepare()
                tidy(store)
                memory = find_memory(ledger.missing, measures, hardware, options, watch.note)
                with _open_executor(options, store, memory, watch) as execute, logs.of(ledger.wanted, watch.note):
                    _train(Rounds(ledger, seconds, store.patient(watch.note), execute, watch, logs))
        except KeyboardInterrupt:
            watch.note(ledger.summarise())
            raise Interrupted(f"{len(ledger.outcomes)} of {plural(len(ledger.wanted), 'trial')} recorded") from None
    watch.note(ledger.summarise())
    ledger.check()
    return ledger.outcomes


def _train(rounds: Rounds) -> None:
    try:
        rounds.train_missing()
    except KeyboardInterrupt:
        rounds.watch.note("stopping; what has finished is kept")  # before Ray is asked to stop, which takes seconds
        raise


def _read_records(wanted: Sequence[Trial], store: Store, options: Options) -> dict[str, Record]:
    """Those of trials that need no training; of failed ones that are to be retried, none is left."""
    asked = {trial.id: trial for trial in wanted}
    records = {
        id_: record
        for id_, record in store.read_all(asked).items()
        if not is_wanting(asked[id_], record, store, options.keep_weights)
    }
    failed = [trial_id for trial_id, record in records.items() if record.outcome is Outcome.FAILED]
    for trial_id in failed if options.retry_failed else []:
        store.remove(trial_id)
        del records[trial_id]
    return records


@contextmanager
def _open_executor(options: Options, store: Store, memory: int | None, watch: Watch) -> Iterator[Executor]:
    settings = options.settings(store)
    if options.serial:
        yield SerialExecutor(settings)
        return
    with connect(options.address, options.num_cpus) as folder:
        divide = partial(allot_groups, num_workers=options.workers) if options.workers > 1 else allot
        demand = options.demand(memory)
        allotment = divide(read_nodes(local=not options.address), demand)
        for note in allotment.notes:
            watch.note(note)
        if options.device == "auto" and not allotment.resources.gpus:
            settings = replace(settings, device="cpu")
        demand = replace(demand, resources=allotment.resources)
        yield _create_executor(options.workers, settings, allotment, folder, partial(_count_processes, demand))


def _count_processes(demand: Demand) -> int:
    """How many run at a time now that machines may have come or gone."""
    try:
        return allot(read_nodes(local=False), demand).num_processes
    except UsageError:  # all that would do have gone
        return 1


def _create_executor(
    num_workers: int, settings: Settings, allotment: Allotment, folder: Path, count: Callable[[], int]
) -> Executor:
    if num_workers > 1:
        from ablate.schedule.distributed.executor import TrainExecutor

        return TrainExecutor(settings, allotment.resources, num_workers, allotment.num_processes, folder)
    from ablate.schedule.tuning import TuneExecutor

    return TuneExecutor(settings, allotment.resources, allotment.num_processes, folder, count)
