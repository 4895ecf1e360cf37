"""`ablate schema`: printed, or written for an editor."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from ablate.cli import main
from ablate.spec.json_schema import create_schema


def test_the_schema_is_printed_alone() -> None:
    result = CliRunner().invoke(main, ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["$defs"].keys() == create_schema()["$defs"].keys()


def test_a_file_is_written_and_the_editor_told(tmp_path: Path) -> None:
    file = tmp_path / "ablate.schema.json"
    result = CliRunner().invoke(main, ["schema", "--output", str(file)])
    assert f"# yaml-language-server: $schema={file}" in result.stdout
    assert json.loads(file.read_text())["$schema"].endswith("2020-12/schema")
