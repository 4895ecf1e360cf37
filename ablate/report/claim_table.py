"""The claims as a table: verdict, effect, interval, tests; for the files, where the page shows cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ablate.report.claims import Judgement
from ablate.report.notation import interval, p_value, signed
from ablate.report.statistics import Comparison
from ablate.report.table import Column, Entry, Table, number
from ablate.report.wording import sentence

_TITLES = ("verdict", "mean difference", "95% interval", "n", "p", "p (Holm)", "p (sign flip)")


def tabulate_claims(judgements: Sequence[Judgement]) -> Table:
    """A row per claim, in the study's order."""
    return Table(
        name="claims",
        title="Claims",
        caption="Mean paired difference with its 95% t interval over n seeds; two-sided p of the t-test against the "
        "margin, corrected by Holm over all claims, and of the exact sign-flip test.",
        columns=(
            Column("#"),
            Column("claim", is_number=False),
            *(Column(title, is_number=title != "verdict") for title in _TITLES),
        ),
        rows=tuple(_row(index, judgement) for index, judgement in enumerate(judgements, 1)),
        numbers=pd.DataFrame([{"claim": i, **claim_numbers(judgement)} for i, judgement in enumerate(judgements, 1)]),
    )


def _row(index: int, judgement: Judgement) -> tuple[Entry, ...]:
    comparison = judgement.evidence.comparison
    start = (number(str(index), index), Entry(judgement.claim.says), Entry(judgement.verdict))
    if comparison is None:
        return (*start, *(number("–", None) for _ in _TITLES[1:]))
    return (
        *start,
        number(signed(comparison.mean), comparison.mean),
        number(interval(comparison.low, comparison.high), comparison.low),
        number(str(comparison.n), comparison.n),
        number(p_value(comparison.p), comparison.p),
        number(p_value(judgement.p_holm), judgement.p_holm),
        number(p_value(comparison.p_sign_flip), comparison.p_sign_flip),
    )


def claim_numbers(judgement: Judgement) -> dict[str, Any]:
    """Everything known of a claim, unrounded, under stable keys: what the CSV file and `--format json` give."""
    claim, comparison = judgement.claim, judgement.evidence.comparison
    keys = ("mean", "low", "high", "n", "std", "effect_size", "p", "p_sign_flip")
    bootstrap = (comparison.bootstrap if comparison else None) or (None, None)
    return {
        "says": claim.says,
        "source": claim.source,
        "metric": claim.metric,
        "expect": claim.expect,
        "margin": claim.margin,
        "verdict": str(judgement.verdict),
        **{key: getattr(comparison, key) if isinstance(comparison, Comparison) else None for key in keys},
        "p_holm": judgement.p_holm,
        "bootstrap_low": bootstrap[0],
        "bootstrap_high": bootstrap[1],
        "sentence": sentence(judgement),
    }
