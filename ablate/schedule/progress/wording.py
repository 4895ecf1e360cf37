"""How times, errors and ended trials are put into words."""

from __future__ import annotations

from ablate.records import Epoch, Outcome, Record

MARKS = {
    Outcome.FINISHED: ("✓", "green"),
    Outcome.STOPPED: ("–", "dim"),
    Outcome.DIVERGED: ("✗", "bold yellow"),
    Outcome.FAILED: ("✗", "bold red"),
}
BAD = (Outcome.DIVERGED, Outcome.FAILED)


def describe(record: Record) -> str:
    """A record in one line: its errors after the last epoch, or why it has none."""
    if record.outcome in BAD:
        return f"{record.outcome}: {record.error}"
    shown = ((split, record.final.get(f"{split}_error")) for split in ("train", "test"))
    errors = [f"{split} {error:.1f}%" for split, error in shown if error is not None]
    return "  ".join([*errors, f"{record.cost.seconds:.1f} s"])


def standing(epoch: Epoch, epochs: int) -> str:
    """`epoch 41/164 test 8.9%`; the validation or training error where there is no other."""
    errors = (("test", epoch.test_error), ("val", epoch.val_error), ("train", epoch.train_error))
    split, error = next((split, error) for split, error in errors if error is not None)
    return f"epoch {epoch.epoch}/{epochs} {split} {error:.1f}%"


def duration(seconds: float) -> str:
    """`42 s`, `3 min`, `2.5 h`, `11 days`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 100 * 3600 else f"{seconds / 86400:,.0f} days"


def shorten(name: str, width: int) -> str:
    """At most `width` characters: names of cells differ at either end, so the middle goes."""
    if len(name) <= width:
        return name
    tail = (width - 1) // 2
    return f"{name[: width - 1 - tail]}…{name[len(name) - tail :]}"
