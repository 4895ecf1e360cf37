"""`report.reference`: the published tables that a study's results are set beside, found by name and read whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from ablate.errors import Fault, SpecError
from ablate.spec.source.composer import read_document
from ablate.spec.source.document import Document
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.validation import validate
from ablate.spec.source.wording import did_you_mean, enumerate_words, quote
from ablate.spec.study.recipe import Section

OURS = Path(__file__).parents[2] / "references"  # those that come with ablate


class Row(Section):
    """One published figure."""

    name: str
    """What the paper calls it."""
    value: float | Literal["fail"] | None
    """The figure as printed; `fail` where the paper says so instead, null where it prints none."""
    top5: float | None = None
    """The top-5 figure, where both are printed."""
    mean: float | None = None
    """The mean of its runs, where it is printed too."""
    std: float | None = None
    """The standard deviation of its runs."""
    statistic: str | None = None
    """What the figure is of its runs, where that differs from the other rows."""
    runs: int | None = None
    """How many runs, where that differs from the other rows."""
    layers: int | None = None
    """Weighted layers."""
    parameters: float | None = None
    """Learned parameters, as printed."""
    match: dict[str, Any] | None = None
    """The cells that repeat it: dotted paths with their values."""


class Protocol(Section):
    """How the figures came about."""

    statistic: Literal["single", "best", "mean", "median", "ensemble", "count"]
    """What a figure is of its runs."""
    runs: int | None
    """How many runs; null where the paper does not say."""
    selection: str
    """Which epoch counts."""
    crops: str
    """How a test image is seen."""
    training: str | None = None
    """The recipe, in short."""


class Reference(Section):
    """A table of a paper, with the protocol behind it."""

    source: str
    """The paper and the table."""
    dataset: str
    """On which images."""
    metric: str
    """What the figures are: `test_error`, `val_error`, `multiply_adds`, ..."""
    unit: str
    """Their unit."""
    protocol: Protocol
    """How they came about."""
    rows: Annotated[tuple[Row, ...], Field(min_length=1, strict=False)]
    """The figures, in the order of the paper."""
    fail_above: float | None = None
    """A figure above this is a failure."""
    notes: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """What a reader should know."""


def read_references(document: Document) -> tuple[dict[str, Reference], list[Problem], list[Fault]]:
    """The tables a study names, the names that are wrong, and what is wrong with the tables themselves."""
    found: dict[str, Reference] = {}
    problems: list[Problem] = []
    faults: list[Fault] = []
    for place, name in _names(document):
        path = find_reference(name, document.file)
        if path is None:
            problems.append(Problem(place, _unknown(name, document.file)))
            continue
        try:
            found[name] = load_reference(path)
        except SpecError as error:
            faults += error.faults
    return found, problems, faults


def _names(document: Document) -> Iterator[tuple[Location, str]]:
    """What is no name is left to the schema."""
    place: Location = ("report", "reference")
    written = node.plain if (node := document.node(place)) else None
    entries = enumerate(written) if isinstance(written, list) else ()
    yield from (((*place, index), name) for index, name in entries if isinstance(name, str))
    if isinstance(written, str):
        yield place, written


def _unknown(name: str, file: str) -> str:
    known = sorted({path.stem for folder in _folders(file) for path in _listed(folder)})
    remedy = did_you_mean(name, known) or (f"; there are {enumerate_words(known)}" if known else "")
    return f"no published table of this name, got {quote(name)}{remedy or '; put it into a folder references/'}"


def find_reference(name: str, file: str) -> Path | None:
    """The table's file: in `references/` or `specs/references/` beside the study's file, in a folder above it or in the
    working folder; else the one that comes with ablate."""
    paths = (path for folder in _folders(file) for path in _listed(folder))
    return next((path for path in paths if path.stem == name), None)


def _folders(file: str) -> Iterator[Path]:
    for parent in (*Path(file).absolute().parents, Path.cwd()):
        yield parent / "references"
        yield parent / "specs" / "references"
    yield OURS


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.yaml"))
    except OSError:
        return []


def load_reference(path: Path) -> Reference:
    """The table in a file.

    Raises:
        SpecError: with every fault of the file.
    """
    document, faults = read_document(str(path))
    section, problems = validate(Reference, document.data)
    if section is None or faults or problems:
        raise SpecError([*faults, *map(document.fault, problems)])
    return section
