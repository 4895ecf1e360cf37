"""Everything ablate raises on purpose, and the exit code each one ends the command with.

AblateError                 1   something the user can act on
├── SpecError               2   a YAML file is wrong; carries every fault of it, each with its position
├── UsageError              2   the command line is wrong
├── DataError               2   a data set is missing or broken
├── StoreError              1   records cannot be read or written
├── TrialsFailed            1   the study ended, but not every trial has a result
├── OverBudget              1   it would cost more than allowed, or the time for it is spent
└── Interrupted           130   stopped by Ctrl+C or SIGTERM; finished trials are kept
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with a specification: where it stands, what is wrong, what to do."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class AblateError(Exception):
    """The root of the tree; its message is written for the user, without a traceback."""

    exit_code = 1


class SpecError(AblateError):
    """A specification is wrong. `faults` holds every fault, in the order of the file."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


class UsageError(AblateError):
    """The command line asks for something that does not exist or does not go together."""

    exit_code = 2


class DataError(AblateError):
    """A data set is missing, incomplete or not what it should be; the message says what to do."""

    exit_code = 2


class StoreError(AblateError):
    """The record store cannot be read or written."""


class TrialsFailed(AblateError):
    """The command ended in order, but some trials have no result."""


class OverBudget(AblateError):
    """`--max-cost` does not allow it, or `--time-budget` is spent; everything that finished is kept."""


class Interrupted(AblateError):
    """The command was stopped before its end; everything that finished is kept.

    `standing` says how far it was, e.g. `31 of 48 trials recorded`.
    """

    exit_code = 130

    def __init__(self, standing: str = "") -> None:
        self.standing = standing
        super().__init__(f"stopped{standing and ': '}{standing}; run the same command again to go on")
