"""`ablate schema`: completion and explanations in editors."""

from __future__ import annotations

from pathlib import Path

import click

from ablate.cli.options import echo_json


@click.command(short_help="JSON Schema, for completion in editors.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write.  [default: print it]")
def schema(output: Path | None) -> None:
    """Print the JSON Schema of studies and architectures, from which editors complete and explain every key.

    Any editor with a YAML language server understands it (VS Code with the extension YAML, Neovim, Emacs, JetBrains).
    Write the schema beside your files, and name it in the first line of each:

    \b
      ablate schema --output ablate.schema.json
      # yaml-language-server: $schema=ablate.schema.json

    Or, in the settings of VS Code, for all of them: "yaml.schemas": {"ablate.schema.json": "specs/**/*.yaml"}.
    `ablate check` sees more than an editor can: shapes, names of blocks, paths, claims.
    """
    from ablate.spec.json_schema import create_schema

    if output is None:
        echo_json(create_schema())
        return
    import json

    from ablate.cli.output import write_file

    write_file(output, json.dumps(create_schema(), indent=2, ensure_ascii=False) + "\n")
    click.echo(f"The schema is in {output}. Name it in the first line of a file: ")
    click.echo(f"# yaml-language-server: $schema={output}")
