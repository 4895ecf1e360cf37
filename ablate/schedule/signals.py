"""Ctrl+C and SIGTERM: the first one stops in order, the second one at once."""

from __future__ import annotations

import importlib
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO

from ablate.errors import Interrupted

STOPPING = (signal.SIGINT, signal.SIGTERM)
PATIENCE_SECONDS = 6.0  # for a stop in order, which takes one to three
SHOW_CURSOR = "\x1b[?25h"
FAREWELL = "stopped at once; what has finished is kept, run the same command again to go on\n"


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Within, the first signal raises KeyboardInterrupt; the second, or the end of our patience, ends the process.

    Patience can end because a signal to a whole process group also ends Ray's processes, and Ray waits for them
    without returning to Python. So the guard is a thread, told of signals by the system itself.
    """
    is_ours = signal.getsignal(signal.SIGINT) in (_stop, _wait)
    if is_ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = [(number, signal.getsignal(number)) for number in STOPPING]
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    wakeup = signal.set_wakeup_fd(writer)
    threading.Thread(target=_guard, args=(reader,), daemon=True).start()
    for number in STOPPING:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(writer)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, the first signal raises Interrupted, as of what has nothing to say of its standing."""
    with stop_on_signals():
        try:
            yield
        except KeyboardInterrupt:
            raise Interrupted from None


@contextmanager
def hold_signals() -> Iterator[None]:
    """Within, signals to stop wait for the end, for what must not be interrupted; handlers put in meanwhile go."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    noted: list[int] = []
    handlers = [(number, signal.signal(number, lambda number, _: noted.append(number))) for number in STOPPING]
    try:
        yield
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
    for number, handler in handlers:
        if number in noted and callable(handler):
            handler(number, None)


def import_training() -> None:
    """Import what trains, and PyTorch with it: broken off, the import of NumPy would end in an error of its own."""
    with hold_signals():
        importlib.import_module("ablate.train")


def _stop(number: int, frame: FrameType | None) -> None:
    for each in STOPPING:
        signal.signal(each, _wait)
    raise KeyboardInterrupt


def _wait(number: int, frame: FrameType | None) -> None:
    """A second signal is the guard's."""


def _guard(reader: int) -> None:
    """Wait for the first signal; then for the second, the end of patience, or the other end to be closed."""
    with open(reader, "rb", buffering=0) as numbers:
        if _is_signalled(numbers):
            in_time, _, _ = select.select([numbers], [], [], PATIENCE_SECONDS)
            if not in_time or _is_signalled(numbers):
                _end_at_once()


def _is_signalled(numbers: IO[bytes]) -> bool:
    """Whether a signal to stop comes before the end; others may come, for handlers that are not ours."""
    while number := numbers.read(1):
        if number[0] in STOPPING:
            return True
    return False


def _end_at_once() -> None:
    """End without waiting for anything; Ray's processes on this machine notice and end too."""
    if sys.stdout.isatty():
        os.write(sys.stdout.fileno(), SHOW_CURSOR.encode())
    os.write(sys.stderr.fileno(), FAREWELL.encode())
    os._exit(Interrupted.exit_code)
