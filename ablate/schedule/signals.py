"""Ctrl+C and SIGTERM: the first one stops in order, the second one at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)
SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Within, the first signal raises KeyboardInterrupt; afterwards the caller's handlers are back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(number, signal.getsignal(number)) for number in STOPPING]
    arm()
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def arm() -> None:
    """Make ours the handlers, again if a library has put in its own."""
    if threading.current_thread() is threading.main_thread():
        for number in STOPPING:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    for each in STOPPING:
        signal.signal(each, _exit)
    raise KeyboardInterrupt


def _exit(number: int, frame: FrameType | None) -> None:
    if sys.stdout.isatty():
        os.write(sys.stdout.fileno(), SHOW_CURSOR.encode())
    os._exit(128 + number)
