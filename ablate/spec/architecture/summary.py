"""What a network amounts to: shapes, parameters and multiply-adds per unit, depth, receptive field, clean shortcuts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ablate.spec.architecture.cleanliness import Cleanliness, measure
from ablate.spec.architecture.network import Network, Path, Shape, Unit
from ablate.spec.architecture.operations.effect import Effect
from ablate.spec.architecture.tally import Tally, effect_of_unit, in_words, tally, unit_in_words


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


def summarise(network: Network) -> Summary:
    """Rows, totals and cleanliness of a network."""
    stem = tally(network.stem, network.input)
    rows: dict[tuple[int, int], Row] = {}
    effects: list[Effect] = []
    shape = stem.shape
    for s, stage in enumerate(network.stages):
        for u, unit in enumerate(stage):
            effects.append(effect_of_unit(unit, shape))
            rows[s, u] = _pass(unit, shape, unit.name or f"stages[{s}].units[{u}]", effects[-1])
            shape = effects[-1].shape
    head = tally(network.head, shape)
    main = [_row("stem", network.stem, network.input, stem), *rows.values(), _row("head", network.head, shape, head)]
    taps = [(tap.head, rows[tap.stage, tap.unit].output) for tap in network.auxiliaries]
    extra = [_row(f"auxiliaries[{i}]", path, at, tally(path, at)) for i, (path, at) in enumerate(taps)]
    return Summary(
        units=(*main, *extra),
        parameters=sum(row.parameters for row in (*main, *extra)),
        multiply_adds=sum(row.multiply_adds for row in main),
        weighted_layers=stem.layers + sum(effect.layers for effect in effects) + head.layers,
        receptive_field=_receptive_field(stem, effects),
        cleanliness=measure(zip(network.units(), (row.input for row in rows.values()), strict=True)),
    )


def _pass(unit: Unit, shape: Shape, name: str, effect: Effect) -> Row:
    met = in_words((*unit.paths["shortcut"], *unit.after)) if "shortcut" in unit.paths else ""
    return Row(name, unit_in_words(unit), shape, effect.shape, effect.parameters, effect.multiply_adds, met)


def _receptive_field(stem: Tally, units: Iterable[Effect]) -> int:
    """Araujo et al. 2019, eq. 1: each reach, times the steps ahead of it."""
    reach, step = 1 + stem.reach, stem.step
    for unit in units:
        reach += (unit.kernel - 1) * step
        step *= unit.stride
    return reach


def _row(name: str, path: Path, shape: Shape, found: Tally) -> Row:
    return Row(name, in_words(path), shape, found.shape, found.parameters, found.multiply_adds, "")
