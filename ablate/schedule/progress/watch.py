"""From events to what a person reads: a table and lines on a terminal, lines alone anywhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from itertools import islice
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.text import Text

from ablate.records import Record
from ablate.schedule.events import EpochEnded, Event, PackRestarted, TrialEnded, TrialNoted, TrialResumed
from ablate.schedule.ledger import Ledger
from ablate.schedule.progress.board import Board
from ablate.schedule.progress.screen import Screen
from ablate.schedule.progress.table import create_view
from ablate.schedule.progress.wording import BAD, MARKS, describe, duration, standing
from ablate.spec.source.wording import plural

HEARTBEAT_SECONDS = 60.0  # without a line, after which an epoch is worth one
NAMED = 2  # trials in such a line


class Watch:
    """A context in which events are shown as they come."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._clock = clock
        self._spoken = clock()
        self._lock = threading.Lock()  # of the board
        self._board: Board | None = None
        is_screen = self.console.is_terminal and not self.console.is_dumb_terminal
        self._screen = Screen(self.console, self._create_view) if is_screen else None

    def __enter__(self) -> Self:
        if self._screen:
            self._screen.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._screen:
            self._screen.stop()
        self._screen = None

    def begin(self, ledger: Ledger, seconds: Mapping[str, float]) -> None:
        """Say what is wanted and what is there.

        Args:
            ledger: kept up to date by the caller, before each event.
            seconds: estimated cost by trial id.
        """
        with self._lock:
            self._board = Board(ledger, seconds)
        num_recorded = len(ledger.outcomes)
        self.note(
            f"{plural(len(ledger.wanted), 'trial')}: {num_recorded} recorded, "
            f"{len(ledger.wanted) - num_recorded} to train"
        )

    def show(self, event: Event) -> None:
        """Take the event in; a line for what a person should know at once."""
        board = self._board
        assert board is not None, "begin() comes first"
        with self._lock:
            board.enter(event)
        match event:
            case TrialEnded(record):
                self._print(self._ended(board, record))
            case TrialResumed(trial_id, history):
                self._note(board, trial_id, f"goes on in epoch {len(history) + 1}, from its checkpoint")
            case TrialNoted(trial_id, text):
                self._note(board, trial_id, text)
            case PackRestarted(trial_ids):
                lost = [board.name(trial_id) for trial_id in trial_ids if trial_id not in board.ledger.outcomes]
                if lost:
                    text = f"{', '.join(lost)}  its process died; starting again"
                    self._print(Text.assemble(("!", "bold yellow"), f" {text}"))
            case EpochEnded() if not self._screen and self._clock() - self._spoken >= HEARTBEAT_SECONDS:
                self._print(_heartbeat(board))

    def note(self, text: str) -> None:
        """A line of its own."""
        self._print(Text(text))

    def _note(self, board: Board, trial_id: str, text: str) -> None:
        self._print(Text(f"· {board.name(trial_id)}  {text}"))

    def _print(self, line: Text) -> None:
        self._spoken = self._clock()
        if self._screen:
            self._screen.print(line)
        else:
            self.console.print(line)

    def _create_view(self) -> RenderableType:
        with self._lock:
            return create_view(self._board, self.console.size) if self._board else Text()

    def _ended(self, board: Board, record: Record) -> Text:
        mark, style = MARKS[record.outcome]
        line = f"{board.name(record.id)}  {describe(record)}"
        aside = "" if self._screen else f"  ({_progress(board)})"
        return Text.assemble((mark, style), " ", (line, style if record.outcome in BAD else ""), aside)


def _heartbeat(board: Board) -> Text:
    """`… 3 training: shortcut=none depth=56 seed=0 epoch 41/164 test 8.9%, …  (12/24 trials, …)`."""
    all_trials = [(name, epoch, epochs) for name, epoch, epochs in board.trials_under_way() if epoch]
    named = [f"{name} {standing(epoch, epochs)}" for name, epoch, epochs in islice(all_trials, NAMED)]
    more = [f"and {len(all_trials) - NAMED} more"] if len(all_trials) > NAMED else []
    return Text(f"… {len(all_trials)} training: {', '.join([*named, *more])}  ({_progress(board)})")


def _progress(board: Board) -> str:
    done, total = board.forecast.num_epochs
    left = board.forecast.seconds_left
    time_left = f", {duration(left)} left" if left and left >= 1 else ""
    return f"{len(board.ledger.outcomes)}/{plural(len(board.ledger.wanted), 'trial')}, {done}/{total} epochs{time_left}"
