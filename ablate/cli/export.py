"""`ablate export`: a network for use without ablate."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablate.cli.options import file_argument, overrides_argument, store_option
from ablate.cli.selection import select, select_trial
from ablate.errors import UsageError

if TYPE_CHECKING:
    from ablate.records import Store
    from ablate.spec import Network, Trial


@click.command(short_help="A network as PyTorch code or ONNX, without ablate.")
@file_argument
@overrides_argument
@click.option("--to", "form", type=click.Choice(["python", "onnx"]), required=True, help="What to write.")
@click.option("--cell", "cell_name", metavar="NAME", help="Which cell of a study.  [default: the baseline]")
@click.option("--trial", "trial_name", metavar="ID", help="Which trained trial: its id, the start of it, or its name.")
@store_option
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write.  [default: NAME.py, NAME.onnx]"
)
def export(
    file: Path,
    overrides: tuple[str, ...],
    form: str,
    cell_name: str | None,
    trial_name: str | None,
    store: Path | str,
    output: Path | None,
) -> None:
    """Write a network as one PyTorch file that does not need ablate, or as ONNX, checked against PyTorch.

    With --trial its trained weights go along, if they were kept (`ablate run --keep-weights`): inside the ONNX file,
    or beside the Python file as safetensors, to be loaded as its first lines say. Without, the ONNX file has the
    initial weights of seed 0.

    \b
    Example: ablate export specs/architectures/resnet-20.yaml --to python --output resnet_20.py
             ablate export specs/studies/quickstart.yaml --to onnx --trial "shortcut=identity depth=56 seed=0"
    """
    from ablate.records import Store

    if trial_name is not None and cell_name is not None:
        raise UsageError("either --cell or --trial, not both; a trial has its cell")
    weights = None
    if trial_name is None:
        spec = select(file, overrides, cell_name)
        name, network = spec.name, spec.network
    else:
        trial = select_trial(file, overrides, trial_name, Store(store))
        name, network = trial.name, trial.cell.network
        weights = _read_weights(trial, Store(store), file)
    path = output or Path(re.sub(r"[^\w.-]+", "-", name) + {"python": ".py", "onnx": ".onnx"}[form])
    (_write_python if form == "python" else _write_onnx)(network, weights, path)
    click.echo(f"{name} is in {path}")


def _read_weights(trial: Trial, store: Store, file: Path) -> bytes:
    """A trial's weights as safetensors; UsageError says what to do where there are none."""
    if weights := store.read_weights(trial.id):
        return weights
    state = "its weights were not kept" if store.read(trial.id) else "it is not trained yet"
    raise UsageError(f"{trial.name} ({trial.id}): {state}; train it by `ablate run {file} --keep-weights`")


def _write_python(network: Network, weights: bytes | None, path: Path) -> None:
    from ablate.cli.output import write_file
    from ablate.model.export import to_python

    write_file(path, to_python(network, path.stem))
    if weights:
        write_file(path.with_suffix(".safetensors"), weights)
        click.echo(f"Its weights are in {path.with_suffix('.safetensors')}")


def _write_onnx(network: Network, weights: bytes | None, path: Path) -> None:
    import torch

    from ablate.model import build
    from ablate.model.export import load_weights, to_onnx

    module = build(network, generator=torch.Generator().manual_seed(0))
    if weights:
        load_weights(module, weights, "the weights of the trial")
    to_onnx(module, network, path)
