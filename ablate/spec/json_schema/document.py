"""JSON Schema of whole files: a study or an architecture."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from ablate.spec.json_schema.architecture import architecture_definitions
from ablate.spec.json_schema.pieces import NOTHING, Schema, any_of, ref
from ablate.spec.source.paths import ALIASES
from ablate.spec.study.recipe import Data, Train
from ablate.spec.study.schema import ArchitectureSection, StudySection

DRAFT = "https://json-schema.org/draft/2020-12/schema"
WHOLE: Schema = any_of({"required": ["family"]}, {"required": ["stages", "head"]})
TITLE = "A study or an architecture of ablate"  # VS Code shows it as the schema's name


def create_schema() -> Schema:
    """The schema of every file that `ablate check` accepts, with a description of every key.

    It is weaker than `ablate check` where one part of a file decides about another: names of blocks and sequences,
    dotted paths, shapes.
    """
    definitions = _sections() | architecture_definitions()
    return {
        "$schema": DRAFT,
        "title": TITLE,
        "type": "object",
        "if": {"required": ["architecture"]},
        "then": ref("ArchitectureSection"),
        "else": ref("StudySection"),
        "$defs": dict(sorted(definitions.items())),
    }


def _sections() -> dict[str, Schema]:
    """The sections that are models, what they leave open filled in, and what only a whole file needs apart."""
    models = [(model, "validation") for model in (StudySection, ArchitectureSection, Data, Train)]
    _, found = models_json_schema(models, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    definitions: dict[str, Schema] = {name: _plain(schema) for name, schema in found["$defs"].items()}
    baseline, study, file = (definitions[name] for name in ("BaselineSection", "StudySection", "ArchitectureSection"))
    _fill(baseline, {"architecture": ref("architecture"), "data": ref("Data"), "train": any_of(ref("Train"), NOTHING)})
    _fill(study, {"blocks": any_of(ref("blocks"), NOTHING)})
    _fill(file, {"architecture": ref("architecture"), "blocks": any_of(ref("blocks"), NOTHING)})
    for location, usual in ALIASES.items():
        keys = definitions[location[0].capitalize()]["properties"]  # type: ignore[union-attr]
        keys[location[-1]] = keys[usual[-1]] | {"description": f"Another name of `{usual[-1]}`."}
    for section in (baseline, study, definitions["Data"]):
        section.pop("required")
    whole = {"architecture": WHOLE, "data": {"required": ["dataset"]}}
    needs: Schema = {"required": ["baseline"]}
    needs["properties"] = {"baseline": {"required": list(whole), "properties": whole}}
    study["anyOf"] = [{"required": ["extends"]}, needs]
    file["anyOf"] = [{"required": ["extends"]}, {"properties": {"architecture": WHOLE}}]
    return definitions


def _fill(section: Schema, parts: dict[str, Schema]) -> None:
    for key, part in parts.items():
        section["properties"][key] = {"description": section["properties"][key]["description"]} | part


def _plain(schema: Any) -> Any:
    """Without the titles that pydantic makes of names, and defaults of null."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    kept = {key: value for key, value in kept.items() if not (key == "default" and value is None)}
    return {key: _plain(value) for key, value in kept.items()}
