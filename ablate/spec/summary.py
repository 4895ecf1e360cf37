"""What a network amounts to: shapes, parameters and multiply-adds per unit, depth, receptive field, clean shortcuts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ablate.spec.network import Network, Operation, Path, Shape, Unit
from ablate.spec.operations import effect_of
from ablate.spec.operations.effect import Effect


@dataclass(frozen=True)
class Row:
    """One unit, the stem, the head or an auxiliary classifier."""

    name: str
    operations: str  # every path in one line, e.g. `branch: conv3x3 bn relu conv3x3 bn | shortcut: - | add | relu`
    input: Shape
    output: Shape
    parameters: int
    multiply_adds: int  # per image; convolutions and linear layers only
    shortcut: str  # operations the signal meets on the shortcut path and behind the join; "" without a shortcut


@dataclass(frozen=True)
class Cleanliness:
    """What a signal meets on its way from the stem to the head along the shortcuts (He et al. 2016, sec. 3).

    Where a unit has no shortcut, the way leads through its shortest path. `gain` is the product of the factors known
    at initialisation (constants; a gate whose weights see nothing is open by 1 - sigmoid(bias)); operations whose
    factor depends on the data are counted in `data_dependent` instead.
    """

    units: int
    shortcuts: int  # units that have one
    operations: Mapping[str, int]  # operations met, by kind
    gain: float
    data_dependent: int


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
    receptive_field: int  # side in pixels of what one position of the last map depends on
    cleanliness: Cleanliness


@dataclass
class _Tally:
    """The cost of a path, gathered on the way."""

    shape: Shape
    parameters: int = 0
    multiply_adds: int = 0
    layers: int = 0
    reach: int = 0  # pixels of the path's input beyond one, seen by one position of its output
    step: int = 1
    effects: list[tuple[Operation, Effect]] = field(default_factory=list)


def _tally(path: Path, shape: Shape) -> _Tally:
    tally = _Tally(shape)
    for operation in path:
        effect = effect_of(operation, tally.shape)
        tally.shape = effect.shape
        tally.parameters += effect.parameters
        tally.multiply_adds += effect.multiply_adds
        tally.layers += operation.kind in ("conv", "linear")
        tally.reach += (effect.kernel - 1) * tally.step
        tally.step *= effect.stride
        tally.effects.append((operation, effect))
    return tally


@dataclass(frozen=True)
class _Passage:
    """A unit with its costs, and the way a signal takes along the shortcut."""

    row: Row
    layers: int
    reach: int
    step: int
    has_shortcut: bool
    way: list[tuple[Operation, Effect]]
    gate: float | None  # the gate's factor on the shortcut; None: there is one and it depends on the data


def summarise(network: Network) -> Summary:
    """Rows, totals and cleanliness of a network."""
    stem = _tally(network.stem, network.input)
    shape, passages, outputs = stem.shape, [], {}
    for s, stage in enumerate(network.stages):
        for u, unit in enumerate(stage):
            passages.append(_pass(unit, shape, unit.name or f"stages[{s}].units[{u}]"))
            shape = outputs[s, u] = passages[-1].row.output
    head = _tally(network.head, shape)
    rows = [_path_row("stem", network.stem, network.input, stem), *(p.row for p in passages)]
    rows.append(_path_row("head", network.head, shape, head))
    multiply_adds = sum(row.multiply_adds for row in rows)
    for i, tap in enumerate(network.auxiliaries):
        at = outputs[tap.stage, tap.unit]
        rows.append(_path_row(f"auxiliaries[{i}]", tap.head, at, _tally(tap.head, at)))
    return Summary(
        tuple(rows),
        sum(row.parameters for row in rows),
        multiply_adds,
        stem.layers + sum(passage.layers for passage in passages) + head.layers,
        _receptive_field(stem, passages),
        _cleanliness(passages),
    )


def _pass(unit: Unit, shape: Shape, name: str) -> _Passage:
    before = _tally(unit.before, shape)
    paths = {key: _tally(path, before.shape) for key, path in unit.paths.items()}
    ends = [path.shape for path in paths.values()]
    joined = (sum(end[0] for end in ends), *ends[0][1:]) if unit.join == "concat" else ends[0]
    after = _tally(unit.after, joined)
    parts = [before, *paths.values(), after]
    way = paths.get("shortcut") or min(paths.values(), key=lambda path: len(path.effects))
    longest, widest = max(p.layers for p in paths.values()), max(p.reach for p in paths.values())
    met = [*way.effects, *after.effects]
    row = Row(
        name,
        _describe(unit),
        shape,
        after.shape,
        sum(part.parameters for part in parts),
        sum(part.multiply_adds for part in parts),
        (" ".join(_name(operation) for operation, _ in met) or "-") if "shortcut" in paths else "",
    )
    step = before.step * way.step
    return _Passage(
        row,
        before.layers + longest + after.layers,
        before.reach + widest * before.step + after.reach * step,
        step * after.step,
        "shortcut" in paths,
        [*before.effects, *met],
        _gate(unit) if unit.join.startswith("gate") else 1.0,
    )


def _gate(unit: Unit) -> float | None:
    """1 - sigmoid(bias), where the gate is a convolution with that bias and a sigmoid (He et al. 2016, sec. 3.1)."""
    *_, conv, last = (None, None, *unit.paths["gate"])
    bias = conv.arguments.get("bias_init") if conv and conv.kind == "conv" else None
    known = last is not None and last.kind == "sigmoid" and isinstance(bias, int | float)
    return 1 - 1 / (1 + math.exp(-bias)) if known else None  # type: ignore[operator]  # known: a number


def _receptive_field(stem: _Tally, passages: list[_Passage]) -> int:
    reach, step = 1 + stem.reach, stem.step
    for passage in passages:
        reach += passage.reach * step
        step *= passage.step
    return reach


def _cleanliness(passages: list[_Passage]) -> Cleanliness:
    met = [item for passage in passages for item in passage.way]
    gates = [passage.gate for passage in passages]
    gains = [effect.gain for _, effect in met] + gates
    kinds = Counter(operation.kind for operation, _ in met)
    kinds.update(
        {
            "gate": sum(
                passage.row.operations.endswith("gate") or gate != 1.0
                for passage, gate in zip(passages, gates, strict=True)
            )
        }
    )
    return Cleanliness(
        len(passages),
        sum(passage.has_shortcut for passage in passages),
        {kind: number for kind, number in kinds.items() if number},
        math.prod(gain for gain in gains if gain is not None),
        sum(gain is None for gain in gains),
    )


def _path_row(name: str, path: Path, shape: Shape, tally: _Tally) -> Row:
    text = " ".join(_name(operation) for operation in path) or "-"
    return Row(name, text, shape, tally.shape, tally.parameters, tally.multiply_adds, "")


def _describe(unit: Unit) -> str:
    """Every part of a unit in one line."""
    parts = {"before": unit.before, **unit.paths}
    texts = [f"{key}: {_line(path)}" for key, path in parts.items() if path or key != "before"]
    texts += [unit.join] if unit.join != "none" else []
    return " | ".join([*texts, _line(unit.after)] if unit.after else texts)


def _line(path: Path) -> str:
    return " ".join(_name(operation) for operation in path) or "-"


def _name(operation: Operation) -> str:
    """`conv3x3` rather than `conv`."""
    kernel = operation.arguments.get("kernel")
    return f"{operation.kind}{kernel}x{kernel}" if kernel else operation.kind
