"""Two lists of operations side by side: what is kept, changed, only here, only there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ablate.spec.architecture.operations import KINDS

Pairs = tuple[tuple[Any, Any], ...]  # values on this side and on that, each pair once


@dataclass(frozen=True)
class Step:
    """One operation of a path on both sides, None on the side that lacks it; with the arguments that differ.

    An operation of one side only has all its arguments that are not the default, each None on the other side.
    """

    this: str | None
    that: str | None
    arguments: Mapping[str, Pairs]

    @property
    def differs(self) -> bool:
        """Whether the sides are unlike here."""
        return self.this != self.that or bool(self.arguments)

    @property
    def likeness(self) -> tuple[Any, ...]:
        """Equal for steps that say the same of different values."""
        return self.this, self.that, tuple(self.arguments) if self.this == self.that else ()


@dataclass(frozen=True)
class Part:
    """A path, or what is ahead of the paths, joins or follows them, as the steps of both sides."""

    name: str
    steps: tuple[Step, ...]


def compare_parts(one: Mapping[str, Sequence[Any]], other: Mapping[str, Sequence[Any]]) -> tuple[Part, ...]:
    """The parts that differ, each a list of operations as an explicit document has them."""
    parts = [Part(name, tuple(_steps(one.get(name, ()), other.get(name, ())))) for name in {**one, **other}]
    return tuple(part for part in parts if any(step.differs for step in part.steps))


def merge_steps(paths: Iterable[tuple[Step, ...]]) -> tuple[Step, ...]:
    """One path for several that are alike but for their values, which it has all."""
    return tuple(map(_merge, zip(*paths, strict=True)))


def _merge(steps: Sequence[Step]) -> Step:
    names = dict.fromkeys(name for step in steps for name in step.arguments)
    return Step(
        steps[0].this,
        steps[0].that,
        {name: _distinct(pair for step in steps for pair in _pairs(step, name)) for name in names},
    )


def _pairs(step: Step, name: str) -> Pairs:
    """The values of an argument; its default where an operation of one side only leaves it out."""
    default = _defaults(step.this or step.that).get(name)
    return step.arguments.get(name, (((default, None) if step.this else (None, default)),))


def _distinct(pairs: Iterable[tuple[Any, Any]]) -> Pairs:
    return tuple({repr(pair): pair for pair in pairs}.values())


def _steps(path: Sequence[Any], other: Sequence[Any]) -> Iterator[Step]:
    """Operations of the same name beside each other, the others alone."""
    names, other_names = ([_name(item) for item in side] for side in (path, other))
    for tag, i, i_end, j, j_end in SequenceMatcher(None, names, other_names, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from map(_both, path[i:i_end], other[j:j_end])
        else:
            yield from (Step(_name(item), None, _arguments(item, {})) for item in path[i:i_end])
            yield from (Step(None, _name(item), _arguments({}, item)) for item in other[j:j_end])


def _both(one: Any, other: Any) -> Step:
    return Step(_name(one), _name(other), _arguments(one, other, _defaults(_name(one))))


def _defaults(name: str | None) -> dict[str, Any]:
    """Every argument of an operation at its default; none for what is no operation."""
    kind = KINDS.get((name or "").rstrip("0123456789x"))  # conv3x3 is a conv
    return {key: argument.default for key, argument in kind.resolved.items()} if kind else {}


def _arguments(one: Any, other: Any, defaults: Mapping[str, Any] | None = None) -> dict[str, Pairs]:
    """The arguments that are not equal, those left out at their default."""
    given, others = _written(one), _written(other)
    defaults = defaults or {}
    pairs = {k: (given.get(k, defaults.get(k)), others.get(k, defaults.get(k))) for k in {**given, **others}}
    return {key: (pair,) for key, pair in pairs.items() if pair[0] != pair[1]}


def _name(operation: Any) -> str:
    return str(next(iter(operation)) if isinstance(operation, dict) else operation)


def _written(operation: Any) -> Mapping[str, Any]:
    return next(iter(operation.values()), {}) if isinstance(operation, dict) else {}
