"""`ablate show`: the network, unit by unit."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablate.cli.options import echo_json, file_argument, format_option, overrides_argument
from ablate.cli.selection import select

if TYPE_CHECKING:
    from ablate.spec.architecture.cleanliness import Cleanliness
    from ablate.spec.architecture.network import Network
    from ablate.spec.architecture.summary import Summary


@click.command(short_help="The network, unit by unit.")
@file_argument
@overrides_argument
@click.option(
    "--cell", "cell_name", help="Which cell of a study, by its name in `ablate plan`.  [default: the baseline]"
)
@click.option("--diagram", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into this SVG file instead.")
@format_option
def show(file: Path, overrides: tuple[str, ...], cell_name: str | None, diagram: Path | None, format_: str) -> None:
    """Show the explicit form of a network and its units: shapes, parameters, multiply-adds, shortcut operations.

    FILE is an architecture or a study. The explicit form is what is compiled: it can be written to a file and is
    the same network. At the end stands how clean the shortcuts are: what a signal meets along them.

    \b
    Example: ablate show specs/studies/quickstart.yaml --cell "depth=56 shortcut=none"
             ablate show specs/architectures/resnet-20.yaml architecture.depth=110
             ablate show specs/architectures/googlenet.yaml --diagram googlenet.svg
    """
    from ablate.spec.architecture.explicit import to_document
    from ablate.spec.architecture.summary import summarise

    spec = select(file, overrides, cell_name)
    name, network = spec.name, spec.network
    if diagram:
        _draw(network, name, diagram)
        return
    summary = summarise(network)
    if format_ == "json":
        echo_json({"name": name, **_summary_document(summary), "architecture": to_document(network)})
        return
    _print(name, network, summary)


def _draw(network: Network, name: str, file: Path) -> None:
    from ablate.cli.output import write_file
    from ablate.spec.architecture.diagram import draw_network

    write_file(file, draw_network(network, name))
    click.echo(f"{name} is drawn in {file}")


def _summary_document(summary: Summary) -> dict[str, Any]:
    return asdict(summary)


def _print(name: str, network: Network, summary: Summary) -> None:
    import yaml

    from ablate.cli.table import echo_table
    from ablate.spec.architecture.explicit import to_document

    click.echo(f"# {name}: the explicit form")
    click.echo(
        yaml.safe_dump({"architecture": to_document(network)}, sort_keys=False, default_flow_style=None, width=110)
    )
    echo_table(
        ["unit", "input", "output", "parameters", "multiply-adds", "on the shortcut path"],
        [
            [
                unit.name,
                "x".join(map(str, unit.input)),
                "x".join(map(str, unit.output)),
                f"{unit.parameters:,}",
                f"{unit.multiply_adds:,}",
                unit.shortcut,
            ]
            for unit in summary.units
        ],
    )
    click.echo(
        f"\n{summary.weighted_layers} weighted layers, {summary.parameters:,} parameters, "
        f"{summary.multiply_adds:,} multiply-adds per image, receptive field {summary.receptive_field:,} pixels"
    )
    click.echo(_cleanliness(summary.cleanliness))


def _cleanliness(shortcuts: Cleanliness) -> str:
    """`Shortcuts in 54 of 54 units. From the stem to the head: 54 relu; gain 1 at initialisation.`"""
    if not shortcuts.shortcuts:
        return f"Shortcuts in none of {shortcuts.units} units."
    met = ", ".join(f"{number} {kind}" for kind, number in shortcuts.operations.items() if number) or "no operation"
    gain = f"{shortcuts.gain:.3g}" + (" times what depends on the data" if shortcuts.data_dependent else "")
    return (
        f"Shortcuts in {shortcuts.shortcuts} of {shortcuts.units} units; from the stem to the head they meet {met}.\n"
        f"Gain along them at initialisation: {gain}."
    )
