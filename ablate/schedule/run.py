"""From the trials that are wanted to the records that exist: only what is missing is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ablate.errors import Interrupted
from ablate.records import Outcome, Record, Store
from ablate.schedule.cluster import connect, share
from ablate.schedule.cost import estimate_seconds
from ablate.schedule.ledger import Ledger, trials
from ablate.schedule.options import Options
from ablate.schedule.progress import Watch
from ablate.schedule.rounds import Executor, Rounds
from ablate.schedule.serial import SerialExecutor
from ablate.schedule.signals import stop_on_signals
from ablate.schedule.training import is_wanting
from ablate.spec.study.study import Trial


def run_trials(
    wanted: Sequence[Trial],
    store: Store,
    options: Options | None = None,
    *,
    watch: Watch | None = None,
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
        changes: fields of `Options` by name, e.g. `serial=True`.

    Raises:
        TrialsFailed: a trial failed, or has no record.
        Interrupted: Ctrl+C or SIGTERM.
        DataError: a data set is missing or damaged.
        StoreError: records cannot be read or written.
        UsageError: a trial needs more than any machine has.
    """
    options = replace(options or Options(), **changes)
    ledger = Ledger(wanted, _read_records(wanted, store, options))
    seconds = estimate_seconds(wanted)
    watch = watch or Watch()
    with watch, stop_on_signals():
        watch.begin(ledger, seconds)
        try:
            if ledger.missing:
                with _open_executor(options, store) as execute:
                    _train(Rounds(ledger, seconds, store, execute, watch))
        except KeyboardInterrupt:
            kept = f"{len(ledger.outcomes)} of {trials(len(ledger.wanted))} recorded"
            raise Interrupted(f"stopped: {kept}; run the same command again to go on") from None
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
        store.path(trial_id).unlink(missing_ok=True)
        del records[trial_id]
    return records


@contextmanager
def _open_executor(options: Options, store: Store) -> Iterator[Executor]:
    settings = options.settings(store)
    if options.serial:
        yield SerialExecutor(settings)
        return
    with connect(options.address, options.num_cpus) as folder:
        from ablate.schedule.tuning import TuneExecutor

        resources, num_processes = share(options.resources, options.concurrency)
        yield TuneExecutor(settings, resources, num_processes, folder)
