"""From the trials that are wanted to the records that exist: only what is missing is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ablate.errors import Interrupted
from ablate.records import Outcome, Store
from ablate.schedule.cluster import Resources, connect, share
from ablate.schedule.cost import estimate_seconds
from ablate.schedule.ledger import Ledger, trials
from ablate.schedule.progress import Watch
from ablate.schedule.rounds import Executor, Rounds
from ablate.schedule.serial import SerialExecutor
from ablate.schedule.signals import stop_on_signals
from ablate.schedule.training import CHECKPOINT_SECONDS, Settings, is_wanting
from ablate.spec.study.study import Trial


def run_trials(
    wanted: Sequence[Trial],
    store: Store,
    *,
    serial: bool = False,
    concurrency: int | None = None,
    cpus: int = 1,
    gpus: float | None = None,
    device: str = "auto",
    retry_failed: bool = False,
    address: str | None = None,
    keep_weights: bool = False,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    watch: Watch | None = None,
) -> dict[str, Outcome]:
    """Train the trials that lack a record, or something wanted beside it; return how each ended, by trial id.

    Trials of equal id are one trial. Every record is written by the process that trained it, as soon as it is known.
    Ray is imported only if a trial is missing, and not for `serial`.

    Args:
        wanted: all trials of the study.
        store: where records are and go.
        serial: one trial after the other in this process.
        concurrency: trials at a time; as many as this machine or the cluster holds unless said otherwise.
        cpus: per trial, and PyTorch's threads.
        gpus: per trial; None for one where there are any, or the part of one that `concurrency` leaves.
        device: as `train_pack` takes it; an actor without a GPU trains on the CPU.
        retry_failed: forget the records of failed trials first.
        address: of a running Ray cluster.
        keep_weights: keep those of finished trials in the store; a trial recorded without them is trained again.
        checkpoint_seconds: between two checkpoints of a trial, at least.
        watch: shows progress; on standard output unless said otherwise.

    Raises:
        TrialsFailed: a trial failed, or has no record.
        Interrupted: Ctrl+C or SIGTERM.
        DataError: a data set is missing or damaged.
        StoreError: records cannot be read or written.
        UsageError: a trial needs more than any machine has.
    """
    ledger = Ledger(wanted, _read_outcomes(wanted, store, retry_failed, keep_weights))
    seconds = estimate_seconds(wanted)
    settings = Settings(store.folder.absolute(), device, cpus, keep_weights, checkpoint_seconds)
    watch = watch or Watch()
    with watch, stop_on_signals():
        watch.begin(ledger, seconds)
        try:
            if ledger.missing:
                with _open_executor(settings, serial, concurrency, Resources(cpus, gpus), address) as execute:
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


def _read_outcomes(wanted: Sequence[Trial], store: Store, retry_failed: bool, keep_weights: bool) -> dict[str, Outcome]:
    records = store.read_all(trial.id for trial in wanted)
    asked = {trial.id: trial for trial in wanted}
    outcomes = {
        id_: record.outcome
        for id_, record in records.items()
        if not is_wanting(asked[id_], record, store, keep_weights)
    }
    failed = [trial_id for trial_id, outcome in outcomes.items() if outcome is Outcome.FAILED]
    for trial_id in failed if retry_failed else []:
        store.path(trial_id).unlink(missing_ok=True)
        del outcomes[trial_id]
    return outcomes


@contextmanager
def _open_executor(
    settings: Settings, serial: bool, concurrency: int | None, resources: Resources, address: str | None
) -> Iterator[Executor]:
    if serial:
        yield SerialExecutor(settings)
        return
    num_cpus = concurrency * resources.cpus if concurrency else None
    with connect(address, num_cpus) as folder:
        from ablate.schedule.tuning import TuneExecutor

        resources, num_processes = share(resources, concurrency)
        yield TuneExecutor(settings, resources, num_processes, folder)
