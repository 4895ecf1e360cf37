"""The parts of a claim that has several, each with its figures: the steps of an order, the cells of a threshold."""

from __future__ import annotations

from ablate.report.claims import Judgement
from ablate.report.findings import absolute
from ablate.report.inequality import Part
from ablate.report.notation import integer, interval, p_value, signed, written


def describe_parts(judgement: Judgement) -> tuple[tuple[str, str], ...]:
    """What each part is about and what came out, as on a claim's card; empty for a claim of one part."""
    parts = judgement.evidence.parts
    if len(parts) == 1 or judgement.claim.expect == "equal":
        return ()
    return tuple((_name(part), _figures(judgement, part)) for part in parts)


def _name(part: Part) -> str:
    if len(part.corners) == 2:
        ((_, later),), ((_, earlier),) = (corner.items() for corner in part.corners)
        return f"from {written(earlier)} to {written(later)}"
    return ", ".join(cell.name for group in part.cells for cell in group)


def _figures(judgement: Judgement, part: Part) -> str:
    if part.value is None or part.comparison is None:
        return "no result"
    if judgement.claim.form == "threshold":
        text = absolute(judgement.claim, part.value)
    else:
        text = integer(part.value) if judgement.claim.is_exact else signed(part.value)
    if judgement.claim.is_exact or part.comparison.low is None:
        return text
    return f"{text} ({interval(part.comparison.low, part.comparison.high)}), p {p_value(part.comparison.p)}"
