"""What a person sees while trials train: a bar on a terminal, a line per ended trial anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from ablate.records import Outcome, Record
from ablate.schedule.events import EpochEnded, Event, PackRestarted, TrialEnded, TrialNoted
from ablate.schedule.forecast import Forecast
from ablate.schedule.ledger import Ledger, trials

MARKS = {
    Outcome.FINISHED: ("✓", "green"),
    Outcome.STOPPED: ("–", "dim"),
    Outcome.DIVERGED: ("✗", "bold yellow"),
    Outcome.FAILED: ("✗", "bold red"),
}


class Watch:
    """A context in which events become lines and, on a terminal, a moving bar."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[standing]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begin(self, ledger: Ledger, seconds: Mapping[str, float]) -> None:
        """Say what is wanted and what is there.

        Args:
            ledger: kept up to date by the caller, before each event.
            seconds: estimated cost by trial id.
        """
        self._ledger = ledger
        self._forecast = Forecast(ledger.wanted.values(), ledger.outcomes.keys(), seconds)
        self._task = self._bar.add_task("starting", total=self._forecast.seconds_total, standing="")
        num_recorded = len(ledger.outcomes)
        self.note(
            f"{trials(len(ledger.wanted))}: {num_recorded} recorded, {len(ledger.wanted) - num_recorded} to train"
        )

    def show(self, event: Event) -> None:
        """Move the bar; a line for a trial that ended."""
        match event:
            case EpochEnded(trial_id, epoch):
                self._forecast.advance(trial_id, epoch)
            case TrialEnded(record):
                self._forecast.finish(record)
                self._print(record)
            case TrialNoted(trial_id, text):
                self.console.print(f"· {escape(self._ledger.wanted[trial_id].name)}  {escape(text)}")
            case PackRestarted(trial_ids):
                lost = [self._ledger.wanted[id_].name for id_ in trial_ids if id_ not in self._ledger.outcomes]
                if lost:
                    self.console.print(f"[bold yellow]![/] {escape(', '.join(lost))}  its process died; starting again")
        self._bar.update(
            self._task,
            description="training",
            completed=self._forecast.seconds_done,
            standing=self._standing(),
        )

    def note(self, text: str) -> None:
        """A line of its own."""
        self.console.print(text, markup=False)

    def _print(self, record: Record) -> None:
        mark, style = MARKS[record.outcome]
        line = f"{escape(self._ledger.wanted[record.id].name)}  {escape(describe(record))}"
        if record.outcome in (Outcome.DIVERGED, Outcome.FAILED):
            line = f"[{style}]{line}[/]"
        aside = "" if self.console.is_terminal else f"  ({self._standing()})"
        self.console.print(f"[{style}]{mark}[/] {line}{aside}")

    def _standing(self) -> str:
        done, total = self._forecast.num_epochs
        left = self._forecast.seconds_left
        time_left = f", {duration(left)} left" if left else ""
        return f"{len(self._ledger.outcomes)}/{trials(len(self._ledger.wanted))}, {done}/{total} epochs{time_left}"


def describe(record: Record) -> str:
    """A record in one line: its errors after the last epoch, or why it has none."""
    if record.outcome in (Outcome.DIVERGED, Outcome.FAILED):
        return f"{record.outcome}: {record.error}"
    shown = ((split, record.final.get(f"{split}_error")) for split in ("train", "test"))
    errors = [f"{split} {error:.1f}%" for split, error in shown if error is not None]
    return "  ".join([*errors, f"{record.cost.seconds:.1f} s"])


def duration(seconds: float) -> str:
    """`42 s`, `3 min`, `2.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
