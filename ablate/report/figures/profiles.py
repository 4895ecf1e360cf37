"""Diagnostics along the network: gradients, layer responses and lesions, from the stem to the head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from ablate.records import Outcome, Record
from ablate.report.figures.lines import Lines, Panel, arrange, draw_lines, mean, records_of
from ablate.spec.study.study import Cell, Study

Values = list[float | None]
Finding = Mapping[str, Any]


@dataclass(frozen=True)
class Profile:
    """A diagnostic as a figure; `read` takes positions, thin and bold values from a trial's finding."""

    title: str
    caption: str
    kinds: tuple[str, ...]
    axes: tuple[str, str]
    log: bool
    read: Callable[[Finding], tuple[list[float], Values, Values]]


def _read_gradients(finding: Finding) -> tuple[list[float], Values, Values]:
    table = finding["table"]
    rows = list(zip(table["epoch"], table["unit"], table["signal"], strict=True))
    last = max(table["epoch"])
    units = [unit for epoch, unit, _ in rows if epoch == last]
    first, final = ([signal for epoch, _, signal in rows if epoch == wanted] for wanted in (0, last))
    return units, first, final


def _read_responses(finding: Finding) -> tuple[list[float], Values, Values]:
    table = finding["table"]
    deviations = [std for kernel, std in zip(table["kernel"], table["std"], strict=True) if kernel == 3]
    return [float(place) for place in range(1, len(deviations) + 1)], [], deviations


def _read_lesions(finding: Finding) -> tuple[list[float], Values, Values]:
    units, errors = finding["single"]["unit"], finding["single"]["error"]
    return units, finding["intact"]["error"] * len(units), errors


PROFILES = {
    "gradients": Profile(
        "Gradients",
        "Norm of the gradient of one image’s loss by each unit’s output, 0 being the stem. Thin: before any step. "
        "Bold: in the last epoch. Means over finished seeds.",
        ("at initialisation", "last epoch"),
        ("unit", "gradient norm"),
        True,
        _read_gradients,
    ),
    "responses": Profile(
        "Layer responses",
        "Standard deviation of the output of every 3x3 convolution after its normalisation, before activation and "
        "addition, in the order of the network (He et al. 2015, Fig. 7). Means over finished seeds.",
        (),
        ("3x3 layer", "standard deviation"),
        False,
        _read_responses,
    ),
    "lesions": Profile(
        "Lesions",
        "Test error of the trained network with one unit taken out (Veit et al. 2016). Thin: the intact network on the "
        "same images. Gaps: units that cannot be taken out. Means over finished seeds.",
        ("intact", "without the unit"),
        ("unit", "test error, %"),
        False,
        _read_lesions,
    ),
}


def measure_profile(study: Study, records: Mapping[str, Record], name: str) -> tuple[list[Panel], int]:
    """One diagnostic of every cell that recorded it, averaged over its finished seeds, and the cells left out."""
    return arrange(study, lambda cell: _measure(study, records, cell, name))


def _measure(study: Study, records: Mapping[str, Record], cell: Cell, name: str) -> Lines | None:
    findings = [
        record.diagnostics[name]
        for record in records_of(study, records, cell)
        if record.outcome is Outcome.FINISHED and "error" not in record.diagnostics.get(name, {"error": ""})
    ]
    read = [PROFILES[name].read(finding) for finding in findings]
    if not read or not read[0][0]:
        return None
    positions, thin, bold = zip(*read, strict=True)
    return Lines(tuple(positions[0]), mean(thin), mean(bold))


def draw_profile(numbers: Sequence[Panel], name: str) -> Figure:
    """The diagnostic from the stem to the head."""
    profile = PROFILES[name]
    return draw_lines(numbers, profile.kinds, profile.axes, log=profile.log)
