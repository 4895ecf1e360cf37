"""Blocks: what one unit looks like, as written. Named paths of operations, a join, and what follows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

from ablate.spec.architecture.joins import GATED, read_join
from ablate.spec.architecture.network import Join
from ablate.spec.architecture.operations.written import Written, WrittenPath, names, read_path
from ablate.spec.architecture.signature import arguments_of, read_keys
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import quote

BUILT_IN = ("basic", "bottleneck", "single")
MAX_PATHS = 64
MAX_NESTING = 10  # units inside each other
MAX_NAMES = 50  # that stand for each other
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Block:
    """A unit before it has a place: sizes are relative, `identity` may yet become a projection."""

    paths: Mapping[str, WrittenPath]
    join: Join = "none"
    before: WrittenPath = ()
    after: WrittenPath = ()
    location: Location = ()

    @cached_property
    def num_operations(self) -> int:
        """Operations of all parts, those of units inside them included."""
        return sum(map(num_operations, (self.before, self.after, *self.paths.values())))

    @cached_property
    def num_layers(self) -> int:
        """Convolutions and linear layers on the longest way through."""
        return _num_layers(self.before) + max(map(_num_layers, self.paths.values())) + _num_layers(self.after)

    @cached_property
    def counts_units(self) -> bool:
        """Whether a rule depends on the unit's number in the network."""
        parts = (self.before, self.after, *self.paths.values())
        return any(
            item.block.counts_units if item.block else item.arguments.get("rule") == "linear"
            for part in parts
            for item in part
        )

    @cached_property
    def nesting(self) -> int:
        """How many units are inside each other, this one included."""
        parts = (self.before, self.after, *self.paths.values())
        return 1 + max((item.block.nesting for part in parts for item in part if item.block), default=0)


def num_operations(path: WrittenPath) -> int:
    """Operations of a path, those of units inside it included."""
    return sum(item.block.num_operations if item.block else 1 for item in path)


def _num_layers(path: WrittenPath) -> int:
    return sum(item.block.num_layers if item.block else item.kind in ("conv", "linear") for item in path)


@dataclass(frozen=True)
class Blocks:
    """The user's `blocks:`. A wrong block is None, so that its name is still known."""

    units: Mapping[str, Block | None] = field(default_factory=dict)
    sequences: Mapping[str, WrittenPath] = field(default_factory=dict)  # what a name in a path stands for


def block_keys(
    *,
    branch: Annotated[Any, "the path that is learned"] = None,
    shortcut: Annotated[Any, "the path around it; [identity] changes nothing"] = None,
    gate: Annotated[Any, "the path that weighs the other two; ends in sigmoid"] = None,
    paths: Annotated[Any, "any other set of named paths"] = None,
    join: Annotated[Any, "how the paths meet: add, concat, multiply, gate, {gate: shortcut-only}, none"] = None,
    before: Annotated[Any, "operations ahead of the split, seen by every path"] = (),
    after: Annotated[Any, "operations behind the join"] = (),
) -> None:
    """The keys of a block."""


def read_blocks(written: Any, problems: list[Problem]) -> Blocks:
    """`blocks:` of a file: mappings are blocks, lists are sequences of operations. Both may be named in paths."""
    if not isinstance(written, Mapping):
        problems.append(Problem(("blocks",), f"expected names with blocks, got {quote(written)}"))
        return Blocks()
    reader = _Reader(written, problems)
    for name in written:
        reader.read(name)
    return Blocks(reader.units, reader.sequences)


class _Reader(Mapping[str, WrittenPath]):
    """What every name stands for in a path, read when it is first met, so that the order does not matter."""

    def __init__(self, written: Mapping[Any, Any], problems: list[Problem]) -> None:
        self.written = written
        self.problems = problems
        self.units: dict[str, Block | None] = {}
        self.sequences: dict[str, WrittenPath] = {}
        self.open: list[str] = []
        self.taken = {*BUILT_IN, *names()}

    def __getitem__(self, name: str) -> WrittenPath:
        if name not in self.written or not self._is_a_name(name):
            raise KeyError(name)
        self.read(name)
        return self.sequences.get(name, ())

    def __iter__(self) -> Iterator[str]:
        return filter(self._is_a_name, self.written)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_a_name(self, name: Any) -> bool:
        return isinstance(name, str) and name not in self.taken and bool(_NAME.fullmatch(name))

    def read(self, name: Any) -> None:
        """Read one entry unless that is done; a wrong one stands for nothing."""
        location = ("blocks", str(name))
        if name in self.sequences:
            return
        if name in self.open or len(self.open) > MAX_NAMES:
            chain = " in ".join([name, *reversed(self.open[self.open.index(name) :])]) if name in self.open else ""
            message = f"stands inside itself: {chain}" if chain else f"more than {MAX_NAMES} names inside each other"
            self.problems.append(Problem(location, message, on_key=True))
            return
        if not self._is_a_name(name):
            reason = "the name is taken" if name in self.taken else "names are letters, digits, '-' and '_'"
            self.problems.append(Problem(location, f"a block cannot be called {quote(name)}: {reason}", on_key=True))
            return
        self.open.append(name)
        self.sequences[name] = self._read(name, self.written[name], location)
        self.open.pop()

    def _read(self, name: str, block: Any, location: Location) -> WrittenPath:
        if isinstance(block, list | tuple):
            return read_path(block, location, self.problems, self)
        unit = self.units[name] = read_block(block, location, self.problems, self)
        return (Written("unit", location=location, block=unit),) if unit else ()


def read_block(
    written: Any, location: Location, problems: list[Problem], sequences: Mapping[str, WrittenPath]
) -> Block | None:
    """One block, with every fault of it; None where it is wrong."""
    if not isinstance(written, Mapping):
        problems.append(
            Problem(location, f"expected a block, a mapping with `branch` or `paths`, got {quote(written)}")
        )
        return None
    known = len(problems)
    keys = read_keys(written, arguments_of(block_keys), location, problems)
    misspelt = len(problems) > known  # then what seems missing is told by its wrong name alone
    paths: dict[str, WrittenPath] = {}
    join: Join = "none"
    if not misspelt or written.keys() & {*GATED, "paths"}:
        paths = _read_paths(written, location, problems, sequences)
    if not misspelt or "join" in written:
        join = read_join(keys["join"], tuple(paths), location, problems)
    before = read_path(keys["before"], (*location, "before"), problems, sequences)
    after = read_path(keys["after"], (*location, "after"), problems, sequences)
    if len(problems) > known:
        return None
    block = Block(paths, join, before, after, location)
    if block.nesting > MAX_NESTING:
        problems.append(Problem(location, f"more than {MAX_NESTING} units inside each other; write fewer"))
        return None
    return block


def _read_paths(
    written: Mapping[str, Any], location: Location, problems: list[Problem], sequences: Mapping[str, WrittenPath]
) -> dict[str, WrittenPath]:
    """The paths: `branch`, `shortcut` and `gate` as keys of the block itself, or any names under `paths`."""
    direct = {name: written[name] for name in written if name in GATED}
    if ("paths" in written) == bool(direct):
        both = "either `paths` or `branch`, `shortcut`, `gate`, not both"
        problems.append(Problem(location, both if direct else "a block needs `branch` or `paths`"))
        return {}
    if direct:
        return {name: read_path(path, (*location, name), problems, sequences) for name, path in direct.items()}
    named, inside = written["paths"], (*location, "paths")
    if not isinstance(named, Mapping) or not 1 <= len(named) <= MAX_PATHS:
        problems.append(Problem(inside, f"expected 1 to {MAX_PATHS} names with paths, got {quote(named)}"))
        return {}
    for name in named:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in ("before", "after"):
            message = f"a path cannot be called {quote(name)}; use letters, digits, - and _"
            problems.append(Problem((*inside, str(name)), message, on_key=True))
    return {str(name): read_path(path, (*inside, str(name)), problems, sequences) for name, path in named.items()}
