"""The forms of a claim: which one a claim has, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator

from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import enumerate_words, quote
from ablate.spec.study.schema import ClaimSection, EpochsToSection, ErrorsSection

DIFFERENCES = ("higher", "lower", "not-higher", "not-lower", "equal")
ORDERS = ("rises", "falls")
FORMS: dict[str, tuple[str, ...]] = {  # the key that makes the form, and what may be expected of it
    "compare": DIFFERENCES,
    "interaction": DIFFERENCES,
    "along": ORDERS,
    "order": ORDERS,
    "below": (),
    "above": (),
}
EXACT = ("parameters", "multiply_adds")  # counted, not measured


def read_form(section: ClaimSection, place: Location) -> tuple[str, list[Problem]]:
    """The key of the claim's form, or "" where it has none or several, and what does not go with it."""
    written = [form for form in FORMS if getattr(section, form) is not None]
    if not written:
        return "", [Problem(place, f"claims nothing; write {enumerate_words(FORMS, 'or')}")]
    if len(written) > 1:
        return "", [Problem((*place, written[1]), f"a claim has one of {enumerate_words(written)}; remove the others")]
    return written[0], [*_expectation(section, written[0], place), *_margin(section, place), *_reach(section, place)]


def _expectation(section: ClaimSection, form: str, place: Location) -> Iterator[Problem]:
    expected = f"one of {enumerate_words(FORMS[form], 'or')}" if FORMS[form] else ""
    if section.expect is None:
        if expected:
            yield Problem((*place, "expect"), f"missing; write {expected}")
    elif not expected:
        yield Problem((*place, "expect"), f"means nothing beside '{form}', which says it all; remove it", on_key=True)
    elif section.expect not in FORMS[form]:
        yield Problem((*place, "expect"), f"expected {expected} beside '{form}', got {quote(section.expect)}")


def _margin(section: ClaimSection, place: Location) -> Iterator[Problem]:
    if section.below is not None or section.above is not None:
        if section.margin:
            yield Problem((*place, "margin"), "means nothing for a threshold; change the threshold", on_key=True)
    elif section.expect == "equal" and not section.margin and section.metric not in EXACT:
        message = "missing; write by how much they may differ, as no number of seeds shows that they do not at all"
        yield Problem((*place, "margin"), message)


def _reach(section: ClaimSection, place: Location) -> Iterator[Problem]:
    if isinstance(section.metric, EpochsToSection) and len(_written(section.metric)) != 1:
        names = enumerate_words(ErrorsSection.model_fields, "or")
        yield Problem((*place, "metric", "epochs_to"), f"expected one of {names}, with the value to reach")


def read_metric(section: ClaimSection) -> tuple[str, tuple[str, float] | None]:
    """The metric's name, and for `epochs_to` the error and the value that it is to reach."""
    if not isinstance(section.metric, EpochsToSection):
        return section.metric, None
    return "epochs_to", next(iter(_written(section.metric)), None)


def _written(section: EpochsToSection) -> list[tuple[str, float]]:
    return [(name, value) for name, value in section.epochs_to if value is not None]
