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
        caption="Mean paired difference (of a threshold: the mean) with its 95% t interval over n seeds, of the part "
        "that a claim of several parts hangs on; p of the whole claim, the same corrected by Holm over all claims, "
        "and p of the exact sign-flip test. Counts have no interval.",
        columns=(
            Column("#"),
            Column("claim", is_number=False),
            *(Column(title, is_number=title != "verdict") for title in _TITLES),
        ),
        rows=tuple(_row(index, judgement) for index, judgement in enumerate(judgements, 1)),
        numbers=pd.DataFrame([{"claim": i, **claim_numbers(judgement)} for i, judgement in enumerate(judgements, 1)]),
    )


def _row(index: int, judgement: Judgement) -> tuple[Entry, ...]:
    comparison, part = judgement.evidence.comparison, judgement.evidence.decisive
    start = (number(str(index), index), Entry(judgement.claim.says), Entry(judgement.verdict))
    if comparison is None:
        counted = number(signed(part.value) if part else "–", part.value if part else None)
        return (*start, counted, *(number("–", None) for _ in _TITLES[2:]))
    return (
        *start,
        number(signed(comparison.mean), comparison.mean),
        number(interval(comparison.low, comparison.high), comparison.low),
        number(str(comparison.n), comparison.n),
        number(p_value(judgement.p), judgement.p),
        number(p_value(judgement.p_holm), judgement.p_holm),
        number(p_value(comparison.p_sign_flip), comparison.p_sign_flip),
    )


def claim_numbers(judgement: Judgement) -> dict[str, Any]:
    """Everything known of a claim, unrounded, under stable keys: what the CSV file and `--format json` give."""
    claim, comparison, part = judgement.claim, judgement.evidence.comparison, judgement.evidence.decisive
    keys = ("low", "high", "n", "std", "effect_size", "p_sign_flip")
    bootstrap = (comparison.bootstrap if comparison else None) or (None, None)
    return {
        "says": claim.says,
        "source": claim.source,
        "metric": claim.column,
        "form": claim.form,
        "expect": claim.expect,
        "margin": claim.margin,
        "verdict": str(judgement.verdict),
        "mean": part.value if part else None,
        **{key: getattr(comparison, key) if isinstance(comparison, Comparison) else None for key in keys},
        "p": judgement.p,
        "p_holm": judgement.p_holm,
        "bootstrap_low": bootstrap[0],
        "bootstrap_high": bootstrap[1],
        "sentence": sentence(judgement),
    }
