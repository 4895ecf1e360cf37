"""`ablate fetch`: download a data set, the only command that ever does."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Download a data set; no other command does.")
@click.argument("dataset", type=click.Choice(["cifar10", "cifar100", "svhn", "mnist", "fashion-mnist"]))
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="ABLATE_DATA",
    default=Path("data"),
    show_default=True,
    help="Folder to put it in.",
)
def fetch(dataset: str, root: Path) -> None:
    """Download a data set through torchvision, verified by its checksums.

    No other command downloads anything. `digits` is embedded and needs no fetching.
    """
    from ablate.train import download

    download(dataset, root)
    click.echo(f"{dataset} is in {root}")
