"""The page of the language: every example runs, every printed line is what is printed, every table is the code's."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

from ablate.cli import main
from ablate.model.compiler import compile_network
from ablate.spec import Architecture, load
from ablate.spec.architecture.auxiliaries import tap_keys
from ablate.spec.architecture.blocks import block_keys
from ablate.spec.architecture.explicit import explicit_keys
from ablate.spec.architecture.operations import KINDS
from ablate.spec.architecture.operations.written import identity
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.short import short_keys
from ablate.spec.architecture.signature import REQUIRED, arguments_of
from ablate.spec.architecture.stages import run_keys
from ablate.spec.architecture.tally import in_words
from ablate.spec.source.scalars import resolve
from ablate.spec.study.diagnostics import SECTIONS
from ablate.spec.study.recipe import Data, Train
from ablate.spec.study.schema import ClaimSection, EditSection, ParameterSection, SearchSection, StudySection

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "language.md").read_text()
FENCES = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = {text.split("\n", 1)[0].removeprefix("# "): text for language, text in FENCES if language == "yaml"}
COMMANDS = [
    (shlex.split(command), printed)
    for language, text in FENCES
    if language == "console"
    for command, printed in re.findall(r"^\$ ablate ([^\n]*)\n(.*?)(?=^\$ |\Z)", text, re.MULTILINE | re.DOTALL)
]
FAULTY = {"wrong.yaml", "shapes.yaml"}  # their faults are shown, and compared


@pytest.fixture(autouse=True)
def _examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("specs").symlink_to(ROOT / "specs")
    for name, text in EXAMPLES.items():
        Path(name).write_text(text)


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table behind a heading, or of the one whose head starts with it."""
    body = PAGE[PAGE.index(f"\n{heading}") :].partition("\n|---")[2].split("\n")[1:]
    lines = takewhile(lambda line: line.startswith("|"), body)
    return [[cell.strip() for cell in line.removeprefix("|").removesuffix("|").split(" |")] for line in lines]


def test_the_page_has_examples_and_commands() -> None:
    assert len(EXAMPLES) == sum(language == "yaml" for language, _ in FENCES) > 10
    assert all(name.endswith(".yaml") for name in EXAMPLES)
    assert len(COMMANDS) > 5
    assert {language for language, _ in FENCES} == {"yaml", "console"}
    assert all(["check", name] in [command for command, _ in COMMANDS] for name in FAULTY)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in FAULTY])
def test_every_example_is_right_and_every_network_of_it_gives_logits(name: str) -> None:
    found = load(name)
    for network in [found.network] if isinstance(found, Architecture) else [cell.network for cell in found.cells]:
        with torch.device("meta"):
            logits = compile_network(network).eval()(torch.empty(2, *network.input))
        assert logits.shape == (2, network.classes)


@pytest.mark.parametrize(("command", "printed"), COMMANDS, ids=[" ".join(command) for command, _ in COMMANDS])
def test_every_command_prints_what_is_shown(command: list[str], printed: str) -> None:
    result = CliRunner().invoke(main, command)
    assert result.exit_code == (2 if command[-1] in FAULTY else command[0] == "diff")  # its examples differ
    pattern = re.escape(printed).replace(re.escape("...\n"), "(?:.*\n)*?")
    lines = [line.rstrip() for line in result.output.strip().split("\n")]
    assert re.fullmatch(pattern, "\n".join(lines) + "\n"), result.output


def value_of(cell: str) -> Any:
    """The default that a cell of a table says."""
    return {"required": REQUIRED, "[]": (), '""': ""}.get(cell, resolve(cell))


def of_model(model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
    """The keys of a section and their defaults, those of a section in it by their paths."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            found |= of_model(type(field.default), f"{name}.")
        else:
            found[prefix + name] = REQUIRED if field.is_required() else field.default
    return found


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("### Keys of the short form", short_keys),
        ("### Keys of the explicit form", explicit_keys),
        ("### Keys of a run of units", run_keys),
        ("### Keys of a block", block_keys),
        ("### Classifiers on the way", tap_keys),
        ("### Keys of a study", StudySection),
        ("### Keys of a variant", EditSection),
        ("### Keys of a claim", ClaimSection),
        ("### Keys of a search", SearchSection),
        ("### Keys of a parameter", ParameterSection),
        ("### Keys of data", Data),
        ("### Keys of train", Train),
    ],
)
def test_every_key_is_on_the_page_with_its_default(heading: str, keys: Any) -> None:
    written = {key.strip("`"): (value_of(default), meaning) for key, default, meaning in rows(heading)}
    if isinstance(keys, type):
        expected, choices = of_model(keys), choices_of(keys.model_json_schema())
    else:
        arguments = arguments_of(keys)
        expected = {name: argument.default for name, argument in arguments.items()}
        choices = {name: argument.choices for name, argument in arguments.items()}
    assert {key: default for key, (default, _) in written.items()} == expected
    if heading != "### Keys of the short form":  # some of its choices have tables of their own
        assert all(f"`{word}`" in written[key][1] for key, words in choices.items() for word in words)


def choices_of(schema: Mapping[str, Any]) -> dict[str, list[str]]:
    """The words that each key accepts, where it accepts only these, or these and nothing, or these and a mapping."""
    found = {}
    for name, entry in schema["properties"].items():
        options = [entry, *entry.get("anyOf", [])]
        found[name] = [word for option in options for word in option.get("enum", [])]
    return found


def test_every_operation_is_on_the_page_with_its_arguments() -> None:
    written = arguments_in("### Operations")
    table = {name: kind.written for name, kind in KINDS.items()} | {"identity": arguments_of(identity)}
    expected = {name: {key: a.default for key, a in arguments.items()} for name, arguments in table.items()}
    assert written == expected
    described = {row[0].strip("`"): row[-1] for row in rows("### Operations")}
    for name, arguments in table.items():
        words = [word for argument in arguments.values() for word in argument.choices if word != argument.default]
        assert all(word in described[name] for word in words), name


def test_every_diagnostic_is_on_the_page_with_its_options() -> None:
    assert arguments_in("### Diagnostics") == {name: of_model(section) for name, section in SECTIONS.items()}


def arguments_in(heading: str) -> dict[str, dict[str, Any]]:
    """The second column of a table: arguments with their defaults."""
    return {row[0].strip("`"): dict(map(argument, re.findall("`([^`]+)`", row[1]))) for row in rows(heading)}


def argument(written: str) -> tuple[str, Any]:
    name, colon, default = written.partition(": ")
    return name, resolve(default) if colon else REQUIRED


@pytest.mark.parametrize("written", [row[0].strip("`") for row in rows("| `shortcut` | on the shortcut")])
def test_every_shortcut_of_the_page_is_one(written: str) -> None:
    architecture = {"family": "cifar", "depth": 8, "shortcut": yaml.safe_load(written)}
    network, problems = read_architecture(architecture)
    assert network, problems


@pytest.mark.parametrize("row", rows("| `activation` | branch"), ids=lambda row: row[0])
def test_every_order_of_operations_is_as_on_the_page(row: list[str]) -> None:
    network, _ = read_architecture({"family": "cifar", "depth": 20, "activation": row[0].strip("`")})
    assert network
    unit = network.stages[0][1]
    assert [in_words(unit.paths["branch"]).replace("conv3x3", "conv"), in_words(unit.after).strip("-")] == row[1:]


def test_every_link_leads_somewhere() -> None:
    titles = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert link[1:] in anchors if link.startswith("#") else (ROOT / "docs" / link).exists(), link
