"""From the events of a run to its loggers, in a thread: a slow or failing logger never holds up a training."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from ablate.errors import UsageError
from ablate.records import Epoch, Record
from ablate.schedule.events import EpochEnded, Event, PackStarted, TrialEnded, TrialResumed
from ablate.schedule.logs.logger import Logger
from ablate.spec.study.study import Trial

PATIENT_SECONDS = 5.0  # at the end, before it is said what is waited for
STOPPING_SECONDS = 2.0  # that Ctrl+C waits
LONGEST_SECONDS = 120.0  # that the end waits for loggers

Note = Callable[[str], None]


class Logs:
    """A context; may be entered again, for the next round of a search.

    Only trainings of this run are logged: a record that another command wrote was logged by that one.
    """

    def __init__(self, loggers: Sequence[Logger] = ()) -> None:
        self._loggers = list(loggers)
        self._trials: Mapping[str, Trial] = {}
        self._note: Note = print
        self._is_stopping = False  # what fails then is cut off, not broken
        self._ours: set[str] = set()  # trials that have been trained here
        self._started: set[str] = set()  # of those, the ones that every logger has been told of

    def of(self, trials: Mapping[str, Trial], note: Note) -> Self:
        """The same, for these trials by id, with somebody to be told what went wrong."""
        self._trials, self._note = trials, note
        return self

    def __enter__(self) -> Self:
        """Raises UsageError if a logger cannot be used."""
        with ExitStack() as held:
            for logger in self._loggers:
                try:
                    logger.open(held)
                except Exception as error:
                    raise UsageError(f"{logger.name}: {_first_line(error)}") from error
            self._held = held.pop_all()
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._handle_all, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for the loggers; hardly at all when the command is being stopped."""
        self._is_stopping = kind is not None
        self._queue.put(None)
        self._thread.join(STOPPING_SECONDS if self._is_stopping else PATIENT_SECONDS)
        if kind is None and self._thread.is_alive():
            self._note(f"waiting for {' and '.join(logger.name for logger in self._loggers)}")
            self._thread.join(LONGEST_SECONDS)
        self._held.close()

    def show(self, event: Event) -> None:
        """Returns at once."""
        if self._loggers:
            self._queue.put(event)

    def _handle_all(self) -> None:
        while event := self._queue.get():
            self._handle(event)
        self._tell(lambda logger: logger.close())

    def _handle(self, event: Event) -> None:
        match event:
            case PackStarted(trial_ids):
                self._ours.update(trial_ids)
                self._started.difference_update(trial_ids)
            case TrialResumed(trial_id, history):
                self._start(trial_id, history)
            case EpochEnded(trial_id, epoch):
                if trial_id not in self._started:
                    self._start(trial_id, ())
                trial = self._trials[trial_id]
                self._tell(lambda logger: logger.add(trial, epoch))
            case TrialEnded(record) if record.id in self._ours:
                self._end(record)

    def _start(self, trial_id: str, history: Sequence[Epoch]) -> None:
        self._started.add(trial_id)
        self._tell(lambda logger: logger.start(self._trials[trial_id], history))

    def _end(self, record: Record) -> None:
        if record.id not in self._started:  # it ended before its first epoch did
            self._start(record.id, ())
        self._tell(lambda logger: logger.end(self._trials[record.id], record))
        self._ours.discard(record.id)
        self._started.discard(record.id)

    def _tell(self, tell: Callable[[Logger], None]) -> None:
        for logger in list(self._loggers):
            try:
                tell(logger)
            except (Exception, SystemExit) as error:  # the latter is Ray's, when it is stopped meanwhile
                self._loggers.remove(logger)
                if not self._is_stopping:
                    self._note(f"! {logger.name} fails, training goes on without it: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0]
