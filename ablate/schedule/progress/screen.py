"""A terminal while trials train: lines go up, a table stays below them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

REFRESH_SECONDS = 0.4


class Screen:
    """Drawn by a thread of its own, so that hundreds of events in a second cost as many as one."""

    def __init__(self, console: Console, create_view: Callable[[], RenderableType]) -> None:
        self._console = console
        self._create_view = create_view  # called in the thread
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._lines: list[Text] = []
        self._lock = threading.Lock()  # of the lines
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw_often, daemon=True)

    def start(self) -> None:
        """Draw from now on."""
        self._live.start()
        self._thread.start()

    def stop(self) -> None:
        """The lines stay, the table goes."""
        self._ended.set()
        self._thread.join()
        self._live.stop()
        self._print()

    def print(self, line: Text) -> None:
        """Above the table, at the next drawing."""
        with self._lock:
            self._lines.append(line)

    def _draw_often(self) -> None:
        while not self._ended.wait(REFRESH_SECONDS):
            self._live.update(self._create_view())
            if not self._print():
                self._live.refresh()

    def _print(self) -> bool:
        """Print the lines that wait, which also draws the table; say whether there were any."""
        with self._lock:
            lines, self._lines = self._lines, []
        if lines:
            self._console.print(*lines, sep="\n")
        return bool(lines)
