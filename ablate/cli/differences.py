"""A difference between two networks as text: keys, then units with their operations, then confounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import click

from ablate.cli.table import count, echo_table
from ablate.spec.architecture.difference import Alteration, Change, Difference, Part, Step
from ablate.spec.source.wording import flow

MOST = 4  # values of one argument that are listed in full


def echo_difference(names: tuple[str, str], difference: Difference, *, units: bool) -> None:
    """Print it; `units`: with the operations of every unit that differs."""
    for letter, name in zip("AB", names, strict=True):
        click.echo(f"{letter}  {name}")
    if difference.same:
        click.echo(f"\nThe same{', written differently' if difference.keys else ''}.")
        return
    if difference.keys:
        click.echo()
        echo_table(["key", "A", "B"], _rows(difference.keys), left=3)
    for alteration in difference.alterations if units else ():
        _echo_alteration(alteration)
    if difference.same_network:
        click.echo("\nThe same network, trained differently:\n")
        echo_table(["key", "A", "B"], _rows(difference.recipe), left=3)
    else:
        _echo_confounds((*difference.measures, *difference.recipe))


def _rows(changes: Iterable[Change]) -> list[Sequence[str]]:
    return [(change.name, _value(change.this), _value(change.that)) for change in changes]


def _value(value: Any) -> str:
    return "default" if value is None else flow(value)


def _echo_alteration(alteration: Alteration) -> None:
    click.echo(f"\n{', '.join(alteration.places)}")
    width = max(len(part.name) for part in alteration.parts)
    for part in alteration.parts:
        click.echo(f"  {part.name.ljust(width)}  {' '.join(_operations(part))}")


def _operations(part: Part) -> Iterator[str]:
    """`bn`, `conv3x3: {channels: 16 → 32}`, `[-bn relu-]`, `{+dropout: {probability: 0.5}+}`."""
    for (here, there), steps in groupby(part.steps, lambda step: (step.this is not None, step.that is not None)):
        if here and there:
            yield from map(_kept, steps)
        elif here:
            yield click.style(f"[-{' '.join(_alone(step, 0) for step in steps)}-]", fg="red")
        else:
            yield click.style(f"{{+{' '.join(_alone(step, 1) for step in steps)}+}}", fg="green")


def _kept(step: Step) -> str:
    values = ", ".join(f"{key}: {_all(pairs, 0)} → {_all(pairs, 1)}" for key, pairs in step.arguments.items())
    return click.style(f"{step.this}: {{{values}}}", fg="yellow") if values else str(step.this)


def _alone(step: Step, side: int) -> str:
    values = ", ".join(f"{key}: {_all(pairs, side)}" for key, pairs in step.arguments.items())
    name = step.this or step.that
    return f"{name}: {{{values}}}" if values else str(name)


def _all(pairs: Sequence[tuple[Any, Any]], side: int) -> str:
    """The values of all places, `16/32/64`, the middle left out where they are many."""
    values = list(dict.fromkeys(_short(pair[side]) for pair in pairs))
    return "/".join(values if len(values) <= MOST else [*values[: MOST - 2], "…", values[-1]])


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else _value(value)


def _echo_confounds(changes: Sequence[Change]) -> None:
    if not changes:
        click.echo("\nNothing else changed: equal parameters, multiply-adds, layers, receptive field and recipe.")
        return
    click.secho("\nConfounds: these changed too, and a difference in error may come from them.\n", fg="yellow")
    rows = [(c.name.replace("_", "-"), _number(c.this), _number(c.that), _ratio(c.ratio)) for c in changes]
    echo_table(["", "A", "B", ""], rows)


def _number(value: Any) -> str:
    if type(value) is not int:
        return _value(value)
    return count(value) if value >= 10**9 else f"{value:,}"


def _ratio(ratio: float | None) -> str:
    """`3.97×`, or `+0.6%` where the sides are nearly the same."""
    if ratio is None:
        return ""
    return f"{100 * (ratio - 1):+.1g}%" if abs(ratio - 1) < 0.01 else f"{float(f'{ratio:.3g}'):,g}×"
