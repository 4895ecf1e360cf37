"""What a network amounts to: shapes, parameters and multiply-adds per unit, depth, receptive field, clean shortcuts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ablate.spec.cleanliness import Cleanliness, measure
from ablate.spec.network import Network, Path, Shape, Unit
from ablate.spec.tally import Tally, in_words, tally


@dataclass(frozen=True)
class Row:
    """One unit, the stem, the head or an auxiliary classifier."""

    name: str
    operations: str  # every part in one line, e.g. `branch: conv3x3 bn relu conv3x3 bn | shortcut: - | add | relu`
    input: Shape
    output: Shape
    parameters: int
    multiply_adds: int  # per image; convolutions and linear layers only
    shortcut: str  # operations on the shortcut and behind the join, `-` for none; "" where there is no shortcut


@dataclass(frozen=True)
class Summary:
    """The rows and their totals.

    `parameters` are all that are trained, auxiliary classifiers included; `multiply_adds` are one image's forward pass
    in evaluation, without them.
    """

    units: tuple[Row, ...]
    parameters: int
    multiply_adds: int
    weighted_layers: int  # convolutions and linear layers on the longest path
    receptive_field: int  # side in pixels of what one position of the last map sees; global pooling left out
    cleanliness: Cleanliness


@dataclass(frozen=True)
class _Passage:
    """A unit's row, and what adds up along the network."""

    row: Row
    layers: int
    reach: int
    step: int


def summarise(network: Network) -> Summary:
    """Rows, totals and cleanliness of a network."""
    stem = tally(network.stem, network.input)
    passages: dict[tuple[int, int], _Passage] = {}
    shape = stem.shape
    for s, stage in enumerate(network.stages):
        for u, unit in enumerate(stage):
            passages[s, u] = _pass(unit, shape, unit.name or f"stages[{s}].units[{u}]")
            shape = passages[s, u].row.output
    head = tally(network.head, shape)
    rows = [_row("stem", network.stem, network.input, stem), *(p.row for p in passages.values())]
    rows.append(_row("head", network.head, shape, head))
    taps = [(tap.head, passages[tap.stage, tap.unit].row.output) for tap in network.auxiliaries]
    extra = [_row(f"auxiliaries[{i}]", path, at, tally(path, at)) for i, (path, at) in enumerate(taps)]
    return Summary(
        units=(*rows, *extra),
        parameters=sum(row.parameters for row in (*rows, *extra)),
        multiply_adds=sum(row.multiply_adds for row in rows),
        weighted_layers=stem.layers + sum(passage.layers for passage in passages.values()) + head.layers,
        receptive_field=_receptive_field(stem, passages.values()),
        cleanliness=measure(zip(network.units(), (p.row.input for p in passages.values()), strict=True)),
    )


def _pass(unit: Unit, shape: Shape, name: str) -> _Passage:
    before = tally(unit.before, shape)
    paths = {key: tally(path, before.shape) for key, path in unit.paths.items()}
    ends = [path.shape for path in paths.values()]
    joined = (sum(end[0] for end in ends), *ends[0][1:]) if unit.join == "concat" else ends[0]
    after = tally(unit.after, joined)
    parts = [before, *paths.values(), after]
    step = before.step * max(path.step for path in paths.values())
    row = Row(
        name,
        _operations(unit),
        shape,
        after.shape,
        sum(part.parameters for part in parts),
        sum(part.multiply_adds for part in parts),
        in_words((*unit.paths["shortcut"], *unit.after)) if "shortcut" in unit.paths else "",
    )
    return _Passage(
        row,
        before.layers + max(path.layers for path in paths.values()) + after.layers,
        before.reach + before.step * max(path.reach for path in paths.values()) + step * after.reach,
        step * after.step,
    )


def _receptive_field(stem: Tally, passages: Iterable[_Passage]) -> int:
    """Araujo et al. 2019, eq. 1: each reach, times the steps ahead of it."""
    reach, step = 1 + stem.reach, stem.step
    for passage in passages:
        reach += passage.reach * step
        step *= passage.step
    return reach


def _row(name: str, path: Path, shape: Shape, found: Tally) -> Row:
    return Row(name, in_words(path), shape, found.shape, found.parameters, found.multiply_adds, "")


def _operations(unit: Unit) -> str:
    """Every part of a unit in one line."""
    parts = [f"before: {in_words(unit.before)}"] if unit.before else []
    parts += [f"{name}: {in_words(path)}" for name, path in unit.paths.items()]
    parts += [unit.join] if unit.join != "none" else []
    return " | ".join([*parts, in_words(unit.after)] if unit.after else parts)
