"""Plain aligned tables and short numbers for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click


def echo_table(header: Sequence[str], rows: Sequence[Sequence[object]], left: int = 1) -> None:
    """Print rows under a header, the first `left` columns aligned left and the others right."""
    cells = [[str(value) for value in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        padded = (
            text.ljust(width) if column < left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        click.echo(click.style("  ".join(padded).rstrip(), bold=number == 0))


def count(number: float) -> str:
    """`1234567` -> `1.23M`."""
    for limit, unit in ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= limit:
            return f"{number / limit:.3g}{unit}"
    return f"{number:.3g}"


def percent(value: float | None) -> str:
    """An error in percent, or a dash where there is none."""
    return "–" if value is None else f"{value:.2f}"
