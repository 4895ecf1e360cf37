"""`ablate check`: is the file right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from ablate.cli.options import echo_json, format_option, split_arguments
from ablate.errors import Fault, SpecError, UsageError


@click.command(short_help="Is the file right? Every fault, with its line.")
@click.argument("arguments", nargs=-1, required=True, metavar="FILE... [KEY=VALUE]...")
@format_option
def check(arguments: tuple[str, ...], format_: str) -> None:
    """Check specifications and list every fault at once.

    Each FILE is a study or an architecture (a file with only `architecture:` and `blocks:`), with every KEY=VALUE put
    in. A fault is one line, `file:line:column: path: what is wrong; what to do`. Nothing is trained or imported but
    the checker.

    \b
    Exit code 0: every file is right.  2: at least one fault.
    Example: ablate check specs/studies/*.yaml
    """
    files, overrides = split_arguments(arguments)
    if not files:
        raise UsageError(f"no file to check, only {' '.join(overrides)}; name one ahead of it")
    results = {file: _check(file, overrides) for file in files}
    faults = [fault for _, found in results.values() for fault in found]
    if format_ == "json":
        echo_json({"faults": [asdict(fault) for fault in faults], "files": [str(file) for file in files]})
    else:
        for file, (summary, found) in results.items():
            click.echo("\n".join(map(str, found)) if found else f"{file}: ok, {summary}", err=bool(found))
    if faults:
        raise SystemExit(SpecError.exit_code)


def _check(file: Path, overrides: Sequence[str]) -> tuple[str, tuple[Fault, ...]]:
    from ablate.spec import Study, load
    from ablate.spec.source.wording import plural

    try:
        spec = load(file, overrides)
    except SpecError as error:
        return "", error.faults
    if isinstance(spec, Study):
        searched = f", a search of {spec.search.num_settings} settings in each cell" if spec.search else ""
        counts = {"cell": spec.cells, "trial": spec.trials, "claim": spec.claims}
        return f"study of {', '.join(plural(len(found), noun) for noun, found in counts.items())}{searched}", ()
    return f"architecture of {sum(1 for _ in spec.network.units())} units", ()
