"""What the page shows of a claim: a card with its verdict, the interval drawn to scale, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ablate.report.claims import Judgement, Verdict
from ablate.report.confounds import find_confounds
from ablate.report.findings import absolute
from ablate.report.notation import decimal, interval, p_value, quantity, signed, unit
from ablate.report.parts import describe_parts
from ablate.report.statistics import Comparison
from ablate.report.wording import notes, sentence

_MARKS = {
    Verdict.SUPPORTED: "✓",
    Verdict.REFUTED: "✕",
    Verdict.INCONCLUSIVE: "≈",
    Verdict.NOT_TESTABLE: "–",
}
_PADDING = 8.0  # percent of the strip left free at both ends


@dataclass(frozen=True)
class Strip:
    """The interval on a line, every place in percent of its width."""

    zero: float
    threshold: float
    mean: float
    low: float
    high: float
    seeds: tuple[float, ...]
    margin: str  # the threshold as written, "" where it is zero


@dataclass(frozen=True)
class Card:
    """A claim, ready to be read."""

    number: int
    says: str
    source: str
    verdict: str
    slug: str
    mark: str
    sentence: str
    notes: tuple[str, ...]
    confounds: tuple[str, ...]
    strip: Strip | None
    facts: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, str], ...]
    pairs: tuple[tuple[str, str], ...]
    differences: tuple[str, ...]


def deal(judgements: Sequence[Judgement], frame: pd.DataFrame) -> list[Card]:
    """One card per claim, in the study's order."""
    return [_card(number, judgement, frame) for number, judgement in enumerate(judgements, 1)]


def _card(number: int, judgement: Judgement, frame: pd.DataFrame) -> Card:
    comparison = judgement.evidence.comparison
    return Card(
        number=number,
        says=judgement.claim.says,
        source=judgement.claim.source,
        verdict=str(judgement.verdict),
        slug=str(judgement.verdict).replace(" ", "-"),
        mark=_MARKS[judgement.verdict],
        sentence=sentence(judgement),
        notes=tuple(notes(judgement)),
        confounds=tuple(find_confounds(judgement, frame)),
        strip=_strip(judgement, comparison) if comparison and comparison.low is not None else None,
        facts=_facts(judgement, comparison) if comparison else (),
        parts=describe_parts(judgement),
        pairs=tuple((this.name, that.name) for this, that in judgement.evidence.pairs),
        differences=tuple(signed(value) for value in comparison.differences) if comparison else (),
    )


def _strip(judgement: Judgement, comparison: Comparison) -> Strip:
    strip = place(comparison, judgement.claim.metric)
    if judgement.claim.form != "threshold":
        return strip
    return replace(strip, margin=absolute(judgement.claim, comparison.threshold))


def place(comparison: Comparison, metric: str) -> Strip:
    """Scale zero, the margin, the interval and every seed's difference to one line."""
    assert comparison.low is not None
    assert comparison.high is not None
    values = (0.0, comparison.threshold, comparison.mean, comparison.low, comparison.high, *comparison.differences)
    start, extent = min(values), max(values) - min(values) or 1.0
    zero, threshold, mean, low, high, *seeds = (
        round(_PADDING + (100 - 2 * _PADDING) * (value - start) / extent, 2) for value in values
    )
    margin = quantity(comparison.threshold, metric) if comparison.threshold else ""
    return Strip(zero, threshold, mean, low, high, tuple(seeds), margin)


def _test(judgement: Judgement) -> str:
    if judgement.claim.expect == "equal":
        return "p (TOST)" if judgement.evidence.leans_towards else "p (t-test)"
    num_parts = len(judgement.evidence.parts)
    return "p (t-test)" if num_parts == 1 else f"p (of {num_parts} parts)"


def _facts(judgement: Judgement, comparison: Comparison) -> tuple[tuple[str, str], ...]:
    metric = judgement.claim.metric
    bootstrap = comparison.bootstrap or (None, None)
    kind = {"threshold": "mean", "interaction": "difference of differences"}
    facts = [
        (kind.get(judgement.claim.form, "mean difference"), f"{signed(comparison.mean)} {unit(metric)}".strip()),
        ("95% interval (t)", interval(comparison.low, comparison.high)),
        ("95% interval (bootstrap)", interval(*bootstrap)),
        ("margin", quantity(judgement.claim.margin, metric) if judgement.claim.form != "threshold" else "–"),
        ("seeds (n)", str(comparison.n)),
        ("effect size (d)", decimal(comparison.effect_size)),
        (_test(judgement), p_value(judgement.p)),
        ("p (Holm)", p_value(judgement.p_holm)),
        ("p (sign flip)", p_value(comparison.p_sign_flip)),
    ]
    return tuple((name, text) for name, text in facts if text != "–")
