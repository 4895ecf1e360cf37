"""Blocks: what one unit looks like, as written. Named paths of operations, a join, and what follows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from ablate.spec.joins import GATED, read_join
from ablate.spec.network import Join
from ablate.spec.operations.written import WrittenPath, names, read_path
from ablate.spec.problems import Location, Problem
from ablate.spec.signature import arguments_of, read_keys
from ablate.spec.wording import quote

BUILT_IN = ("basic", "bottleneck", "single")
MAX_PATHS = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Block:
    """A unit before it has a place: sizes are relative, `identity` may yet become a projection."""

    paths: Mapping[str, WrittenPath]
    join: Join = "none"
    before: WrittenPath = ()
    after: WrittenPath = ()
    location: Location = ()

    @property
    def num_operations(self) -> int:
        """Operations of all parts."""
        return sum(map(len, (self.before, self.after, *self.paths.values())))

    @property
    def num_layers(self) -> int:
        """Convolutions and linear layers on the longest path."""
        return max(sum(written.kind in ("conv", "linear") for written in path) for path in self.paths.values())

    @property
    def counts_units(self) -> bool:
        """Whether a rule depends on the unit's number in the network."""
        parts = (self.before, self.after, *self.paths.values())
        return any(written.arguments.get("rule") == "linear" for part in parts for written in part)


@dataclass(frozen=True)
class Blocks:
    """The user's `blocks:`. A wrong block is None, so that its name is still known."""

    units: Mapping[str, Block | None] = field(default_factory=dict)
    sequences: Mapping[str, WrittenPath] = field(default_factory=dict)


def block_keys(
    *,
    branch: Annotated[Any, "the path that is learned"] = None,
    shortcut: Annotated[Any, "the path around it; [identity] changes nothing"] = None,
    gate: Annotated[Any, "the path that weighs the other two; ends in sigmoid"] = None,
    paths: Annotated[Any, "any other set of named paths"] = None,
    join: Annotated[Any, "how the paths meet: add, concat, gate, {gate: shortcut-only}, none"] = None,
    before: Annotated[Any, "operations ahead of the split, seen by every path"] = (),
    after: Annotated[Any, "operations behind the join"] = (),
) -> None:
    """The keys of a block."""


def read_blocks(written: Any, problems: list[Problem]) -> Blocks:
    """`blocks:` of a file: mappings are blocks, lists are sequences of operations to be named in paths below them."""
    units: dict[str, Block | None] = {}
    sequences: dict[str, WrittenPath] = {}
    if not isinstance(written, Mapping):
        problems.append(Problem(("blocks",), f"expected names with blocks, got {quote(written)}"))
        return Blocks()
    taken = {*BUILT_IN, *names()}
    for name, block in sorted(written.items(), key=lambda item: isinstance(item[1], Mapping)):  # sequences first
        location = ("blocks", str(name))
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in taken:
            reason = "the name is taken" if name in taken else "names are letters, digits, '-' and '_'"
            problems.append(Problem(location, f"a block cannot be called {quote(name)}: {reason}", on_key=True))
        elif isinstance(block, list | tuple):
            sequences[name] = read_path(block, location, problems, sequences)
        else:
            units[name] = read_block(block, location, problems, sequences)
    return Blocks(units, sequences)


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
    return Block(paths, join, before, after, location) if len(problems) == known else None


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
