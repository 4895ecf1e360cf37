"""`ablate check`: is the file right?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from ablate.cli.options import echo_json, format_option
from ablate.errors import Fault, SpecError


@click.command(short_help="Is the file right? Every fault, with its line.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@format_option
def check(files: tuple[Path, ...], format_: str) -> None:
    """Check specifications and list every fault at once.

    Each FILE is a study or an architecture (a file with only `architecture:` and `blocks:`). A fault is one line,
    `file:line:column: path: what is wrong; what to do`. Nothing is trained or imported but the checker.

    \b
    Exit code 0: every file is right.  2: at least one fault.
    Example: ablate check specs/studies/*.yaml
    """
    results = {file: _check(file) for file in files}
    faults = [fault for _, found in results.values() for fault in found]
    if format_ == "json":
        echo_json({"faults": [asdict(fault) for fault in faults], "files": [str(file) for file in files]})
    else:
        for file, (summary, found) in results.items():
            click.echo("\n".join(map(str, found)) if found else f"{file}: ok, {summary}", err=bool(found))
    if faults:
        raise SystemExit(SpecError.exit_code)


def _check(file: Path) -> tuple[str, tuple[Fault, ...]]:
    from ablate.spec import Study, load

    try:
        spec = load(file)
    except SpecError as error:
        return "", error.faults
    if isinstance(spec, Study):
        searched = f", a search of {spec.search.num_settings} settings in each cell" if spec.search else ""
        return f"study of {len(spec.cells)} cells, {len(spec.trials)} trials, {len(spec.claims)} claims{searched}", ()
    return f"architecture of {sum(1 for _ in spec.network.units())} units", ()
