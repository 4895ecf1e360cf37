"""From a file to a resolved study or architecture, or to every fault at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ablate.errors import Fault, SpecError
from ablate.spec.architecture.network import Network
from ablate.spec.source.document import Document
from ablate.spec.source.extends import is_study, read_composed
from ablate.spec.source.overrides import apply_overrides
from ablate.spec.source.paths import SECTIONS
from ablate.spec.source.problems import Problem
from ablate.spec.source.validation import validate
from ablate.spec.source.wording import quote, unknown_key
from ablate.spec.study.cells import read_cell, read_cells, read_network, variants_without_effect
from ablate.spec.study.claims import read_claims
from ablate.spec.study.design import read_design
from ablate.spec.study.diagnostics import read_diagnostics
from ablate.spec.study.references import read_references
from ablate.spec.study.schema import ArchitectureSection, StudySection
from ablate.spec.study.search import read_search
from ablate.spec.study.seeds import read_seeds
from ablate.spec.study.study import Study


@dataclass(frozen=True)
class Architecture:
    """An architecture file, resolved."""

    name: str  # the file's stem
    file: str
    architecture: Mapping[str, Any]  # as written, `blocks` included
    network: Network
    document: Document


def load(path: Path | str, overrides: Iterable[str] = ()) -> Study | Architecture:
    """The study or the architecture in a file, overrides such as `train.epochs=2` put in.

    Raises:
        SpecError: with every fault of the file, of those it extends, and of the overrides.
    """
    document, faults = read_composed(str(path))
    if not isinstance(document.root.content, Mapping):
        message = f"expected keys with values, got {quote(document.data)}; write `baseline:` or `architecture:`"
        raise SpecError([document.fault(Problem((), message)), *faults])
    study = is_study(document)
    document, wrong = apply_overrides(document, overrides, study=study)
    return (_read_study if study else _read_architecture)(document, [*faults, *wrong])


def load_study(path: Path | str, overrides: Iterable[str] = ()) -> Study:
    """As `load`, for a study. Raises SpecError also where the file is an architecture."""
    found = load(path, overrides)
    if isinstance(found, Study):
        return found
    raise SpecError([Fault(str(path), 0, 0, "", "an architecture, not a study; add `baseline:`, or use `ablate show`")])


def load_architecture(path: Path | str, overrides: Iterable[str] = ()) -> Architecture:
    """As `load`, for an architecture. Raises SpecError also where the file is a study."""
    found = load(path, overrides)
    if isinstance(found, Architecture):
        return found
    raise SpecError([Fault(str(path), 0, 0, "", "a study, not an architecture; its networks are under `baseline:`")])


def _read_study(document: Document, faults: list[Fault]) -> Study:
    section, problems = validate(StudySection, document.data)
    problems = [_misplaced(problem) for problem in problems]
    design, wrong_design = read_design(document)
    cells, wrong_cells = read_cells(design.points)
    claims, wrong_claims = read_claims(document, design, cells)
    seeds, wrong_seeds = read_seeds(document.data.get("seeds", 1))
    diagnostics, wrong_diagnostics = read_diagnostics(document.data.get("diagnostics"))
    search, wrong_search, wrong_settings = read_search(document, () if wrong_cells else design.points)
    references, wrong_references, wrong_tables = read_references(document)
    problems += wrong_design + wrong_claims + wrong_seeds + wrong_diagnostics + wrong_search + wrong_references
    baseline, _ = read_cell(design.baseline, "", {})
    problems += variants_without_effect(design.points, cells, baseline)
    _raise(faults, [*map(document.fault, problems), *wrong_cells, *wrong_settings, *wrong_tables])
    assert section
    return Study(
        name=Path(document.file).stem,
        file=document.file,
        question=section.question,
        source=section.source,
        cells=tuple(replace(cell, undecided=search is not None) for cell in cells),
        seeds=seeds,
        claims=tuple(claims),
        baseline=next((cell.name for cell in cells if baseline and cell.identity == baseline.identity), ""),
        references=references,
        search=search,
        diagnostics=diagnostics,
    )


def _misplaced(problem: Problem) -> Problem:
    """A section of the baseline at the root is not unknown, but in the wrong place."""
    if len(problem.location) == 1 and problem.location[0] in SECTIONS:
        return replace(problem, message="stands at the top; move it under 'baseline'")
    return problem


def _read_architecture(document: Document, faults: list[Fault]) -> Architecture:
    data = document.data
    if "architecture" not in data:
        _raise(faults, map(document.fault, _kindless(data)))
    _, problems = validate(ArchitectureSection, data)
    network = None
    if not problems:
        network, problems = read_network(data["architecture"], data.get("blocks"), None, None)
    _raise(faults, map(document.fault, problems))
    assert network
    written = {**data["architecture"], **({"blocks": data["blocks"]} if data.get("blocks") else {})}
    return Architecture(Path(document.file).stem, document.file, written, network, document)


def _kindless(data: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a file that has neither a key of studies nor `architecture`."""
    known = StudySection.model_fields.keys() | ArchitectureSection.model_fields.keys()
    unknown = [
        Problem((key,), unknown_key(key, value, sorted(known)), on_key=True)
        for key, value in data.items()
        if key not in known
    ]
    return unknown or [Problem((), "neither a study nor an architecture; write `baseline:` or `architecture:`")]


def _raise(in_text: Iterable[Fault], in_meaning: Iterable[Fault]) -> None:
    """SpecError with every fault, if there is any; one of meaning only where the text itself is right."""
    found = {_place(fault): fault for fault in in_text}
    rest: dict[tuple[str, ...], Fault] = {}
    for fault in in_meaning:
        if _place(fault) not in found:
            rest.setdefault((*_place(fault), fault.message), fault)
    if found or rest:
        raise SpecError([*found.values(), *rest.values()])


def _place(fault: Fault) -> tuple[str, ...]:
    return (fault.file, str(fault.line), str(fault.column)) if fault.line else (fault.file, fault.path)
