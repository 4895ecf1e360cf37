"""The design of a study: its axes, and its points, each the baseline changed by the grid or by a variant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ablate.spec.architecture.network import Value
from ablate.spec.source.document import Document, Mark, Node
from ablate.spec.source.paths import ROOTS
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import quote
from ablate.spec.study.axes import Axis, read_axes
from ablate.spec.study.edits import apply_edits
from ablate.spec.study.factors import cell_name, factor, same, short_names
from ablate.spec.study.grid import Combination, read_combinations
from ablate.spec.study.variants import Variant, read_variants

VARIANT = "variant"  # the axis on which the variants and the baseline are the values
BASELINE = "baseline"


@dataclass(frozen=True)
class Point:
    """A cell to be: its name, its factors, and its document, with the places at which the design changed it."""

    name: str
    factors: Mapping[str, Value]
    document: Document
    changed: tuple[Location, ...] = ()
    variant: Location | None = None  # where the variant is written


@dataclass(frozen=True)
class Design:
    """Axes, that of the variants included, and points in order; `baseline` is not always one of the points."""

    axes: tuple[Axis, ...]
    points: tuple[Point, ...]
    baseline: Document


def read_design(study: Document) -> tuple[Design, list[Problem]]:
    """The design of a study, and what is wrong with it. What has the wrong type is left to the schema."""
    baseline = baseline_document(study)
    axes, problems = read_axes(study)
    usable = [axis for axis in axes if axis.values]
    combinations, found = read_combinations(study, usable)
    problems += found
    variants, found = read_variants(study)
    problems += found
    if not isinstance(getattr(study.node((BASELINE,)), "content", None), Mapping):
        return Design(tuple(axes), (), baseline), problems
    points, found = _grid_points(baseline, usable, combinations)
    problems += found
    if variants:
        points, found = _with_variants(baseline, usable, points if usable else [], variants)
        problems += found
        axes = [*axes, _variant_axis(study, variants)]
    return Design(tuple(axes), tuple(points), baseline), problems or _equal_names(points)


def baseline_document(study: Document) -> Document:
    """The baseline with the study's blocks, as the document that a cell's paths lead through."""
    baseline = study.node((BASELINE,))
    content: dict[str, Node] = {}
    if baseline and isinstance(baseline.content, Mapping):
        content = {key: node for key, node in baseline.content.items() if key in ROOTS}
    if blocks := study.node(("blocks",)):
        content["blocks"] = blocks
    anchor = baseline or study.root
    return Document(study.file, Node(content, anchor.mark, anchor.key))


def _grid_points(
    baseline: Document, axes: Sequence[Axis], combinations: Iterable[Combination]
) -> tuple[list[Point], list[Problem]]:
    shorts = short_names([axis.path for axis in axes if len(axis.values) > 1] or [axis.path for axis in axes])
    changed = tuple(axis.location for axis in axes)
    points: list[Point] = []
    problems: dict[Problem, None] = {}
    for combination in combinations:
        document = baseline
        for axis in axes:
            try:
                document = document.put(axis.location, replace(combination[axis.path], key=axis.key))
            except ValueError as error:
                problems[Problem(axis.written, str(error), on_key=True)] = None
        factors = {path: factor(node.plain) for path, node in combination.items()}
        points.append(Point(cell_name(factors, shorts) or BASELINE, factors, document, changed))
    return points, list(problems)


def _with_variants(
    baseline: Document, axes: Sequence[Axis], points: Sequence[Point], variants: Iterable[Variant]
) -> tuple[list[Point], list[Problem]]:
    """The points of the grid, the baseline unless it is one of them, and the variants."""
    found = [replace(point, factors={**point.factors, VARIANT: BASELINE}) for point in points]
    if not any(same(point.document.data) == same(baseline.data) for point in found):
        found.insert(0, Point(BASELINE, {**_factors(baseline, axes), VARIANT: BASELINE}, baseline))
    problems: list[Problem] = []
    for variant in variants:
        document, changed, wrong = apply_edits(baseline, variant.edits)
        problems += wrong
        if not wrong:
            factors = {**_factors(document, axes), VARIANT: variant.name}
            found.append(Point(variant.name, factors, document, tuple(changed), variant.place))
    return found, problems


def _factors(document: Document, axes: Iterable[Axis]) -> dict[str, Value]:
    """What a document says on every axis; None where it leaves it at the default."""
    nodes = {axis.path: document.node(axis.location) for axis in axes}
    return {path: factor(node.plain) if node else None for path, node in nodes.items()}


def _variant_axis(study: Document, variants: Iterable[Variant]) -> Axis:
    mark = Mark(study.file)
    names = [BASELINE, *(variant.name for variant in variants)]
    return Axis(VARIANT, (VARIANT,), ("variants",), mark, tuple(Node(name, mark) for name in names))


def _equal_names(points: Iterable[Point]) -> list[Problem]:
    seen: set[str] = set()
    problems: dict[Problem, None] = {}
    for point in points:
        if point.name in seen:
            message = f"two cells would be called {quote(point.name)}; change one"
            problems[Problem(point.variant or ("grid",), message, on_key=True)] = None
        seen.add(point.name)
    return list(problems)
