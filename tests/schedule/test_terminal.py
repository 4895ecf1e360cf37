"""The live table on a real terminal: `ablate run` on a pseudo-terminal, its output drawn by a terminal emulator."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest


class Terminal:
    """A command on a terminal of `rows` by `columns`; `lines` is what a person sees."""

    def __init__(self, rows: int, columns: int, *command: str) -> None:
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            for name in ("COLUMNS", "LINES", "NO_COLOR"):
                os.environ.pop(name, None)
            os.environ["TERM"] = "xterm-256color"
            os.execv(command[0], command)
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.resize(rows, columns)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    def read(self) -> bool:
        """Draw what has come; False once the command has ended."""
        if select.select([self.file], [], [], 0.1)[0]:
            try:
                self.stream.feed(os.read(self.file, 65536))
            except OSError:
                return False
        return True

    def wait_for(self, condition: Callable[[], object], seconds: float = 200) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "\n".join(self.lines)
            assert self.read(), "\n".join(self.lines)

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def terminal(study_file: Path) -> Iterator[Terminal]:
    arguments = [str(study_file), "train.epochs=100000", "--store", str(study_file.parent / "runs"), "--serial"]
    terminal = Terminal(24, 80, sys.executable, "-m", "ablate", "run", *arguments)
    yield terminal
    os.close(terminal.file)


def epochs(terminal: Terminal) -> int:
    """Done by the trial under way, as its row says; 0 before there is one."""
    row = next((line for line in terminal.lines if line.startswith("shortcut=none")), "")
    found = re.search(r"(\d+)/100000", row)
    return int(found[1]) if found else 0


def running(terminal: Terminal) -> int:
    """How many lines of the screen end a table: one, or a redraw has left something of the last behind."""
    return sum("1 pack running" in line for line in terminal.lines)


def test_the_table_lives_and_leaves_a_clean_screen(terminal: Terminal) -> None:
    terminal.wait_for(lambda: epochs(terminal) > 0)
    before = epochs(terminal)
    terminal.wait_for(lambda: epochs(terminal) > before)
    assert terminal.lines[0] == "4 trials: 0 recorded, 4 to train"
    head = next(line for line in terminal.lines if line.startswith("cell "))
    assert all(column in head for column in ("trials", "epoch", "test %", "left"))
    terminal.wait_for(lambda: running(terminal) == 1)  # a frame may come in two parts

    terminal.resize(12, 60)
    before = epochs(terminal)
    terminal.wait_for(lambda: epochs(terminal) > before + 2)
    os.write(terminal.file, b"\x03")
    assert terminal.end() == 130
    assert not terminal.screen.cursor.hidden
    assert not any("pack running" in line for line in terminal.lines)  # the table is gone
    assert any("0 of 4 trials recorded" in line for line in terminal.lines)
