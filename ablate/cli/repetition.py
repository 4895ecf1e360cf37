"""A snapshot taken again and again, drawn in place on a terminal."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.text import Text

from ablate.cli.snapshot import Snapshot

SECONDS = 3.0  # between two snapshots
SHARE = 0.2  # of the time, at most, spent on taking them


def repeat(take: Callable[[], Snapshot]) -> None:
    """Show each snapshot until nothing is left to do, or Ctrl+C; where there is no terminal, only what has changed."""
    console = Console(highlight=False)
    with suppress(KeyboardInterrupt):
        if console.is_terminal and not console.is_dumb_terminal:
            _redraw(take, console)
        else:
            _print_changes(take)


def _redraw(take: Callable[[], Snapshot], console: Console) -> None:
    snapshot, text, pause = _take(take)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while snapshot.work.to_do:
            lines = [*text.splitlines(), "", f"at {datetime.now():%H:%M:%S}; Ctrl+C ends this, and nothing else"]
            shown = "\n".join(lines[-(console.size.height - 1) :])
            live.update(Text.from_ansi(shown, no_wrap=True, overflow="ellipsis"), refresh=True)
            time.sleep(pause)
            snapshot, text, pause = _take(take)
    console.print(Text.from_ansi(text), soft_wrap=True)


def _print_changes(take: Callable[[], Snapshot]) -> None:
    snapshot, text, pause = _take(take)
    print(text, flush=True)
    while snapshot.work.to_do:
        time.sleep(pause)
        before = text
        snapshot, text, pause = _take(take)
        if text != before:
            print(text, flush=True)


def _take(take: Callable[[], Snapshot]) -> tuple[Snapshot, str, float]:
    start = time.monotonic()
    snapshot = take()
    with redirect_stdout(io.StringIO()) as printed:
        snapshot.echo()
    return snapshot, printed.getvalue(), max(SECONDS, (time.monotonic() - start) / SHARE)
