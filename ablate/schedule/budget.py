"""A budget of time: when it is spent, what runs is stopped in order, as by Ctrl+C."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ablate.errors import Interrupted, OverBudget, UsageError
from ablate.schedule.progress.wording import duration
from ablate.schedule.signals import stop_on_signals


@contextmanager
def time_budget(seconds: float | None) -> Iterator[None]:
    """Within, so many seconds of wall-clock time may be spent; None for any number.

    Raises:
        OverBudget: the time is over; what has finished is kept.
        UsageError: this is not the main thread, the only one that can be stopped.
    """
    if seconds is None:
        yield
        return
    if threading.current_thread() is not threading.main_thread():
        raise UsageError("a time budget needs the main thread; leave it out, or start from there")
    deadline = time.monotonic() + seconds
    try:
        with stop_on_signals(), _alarm(seconds):
            yield
    except (Interrupted, KeyboardInterrupt) as stop:
        if time.monotonic() < deadline:
            raise
        standing = f": {stop.standing}" if isinstance(stop, Interrupted) and stop.standing else ""
        text = f"time budget of {duration(seconds)} spent{standing}; run the same command again to go on"
        raise OverBudget(text) from None


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Press Ctrl+C after so many seconds, but with all the patience that a stop in order takes."""
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ring(number: int, frame: FrameType | None) -> None:
    stop = signal.getsignal(signal.SIGINT)  # of whoever handles it now; nobody counts it as a signal of the user
    assert callable(stop)
    stop(signal.SIGINT, frame)
