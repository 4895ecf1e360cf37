"""Ours beside theirs, by the statistic that the paper prints."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ablate.report.error_table import summaries
from ablate.report.frame import at_chance, scored
from ablate.report.notation import NOTHING, fixed, mean_std, signed
from ablate.report.references import Counterpart, compare_protocols, find_counterparts
from ablate.report.statistics import Summary
from ablate.report.table import Column, Entry, Table, number
from ablate.spec.study.references import Reference
from ablate.spec.study.study import Study

_STATISTICS = {"median": "median", "best": "min", "mean": "mean"}  # of the paper -> of our seeds; else the mean
FAIL = "fail"


def tabulate_references(study: Study, frame: pd.DataFrame) -> list[Table]:
    """A table for each that the study names, without those of which it repeats nothing."""
    tables = [tabulate_reference(name, study, frame) for name in study.references]
    return [table for table in tables if table.rows]


def tabulate_reference(name: str, study: Study, frame: pd.DataFrame) -> Table:
    """A row per published figure and the cell that repeats it; diverged trials count at chance level."""
    reference = study.references[name]
    found = find_counterparts(reference, study)
    ours = summaries(scored(at_chance(frame), reference.metric)) if reference.metric in frame.columns else {}
    theirs = (Column("figure", "theirs"), Column("statistic", "theirs", is_number=False))
    cells = (Column("cell", "ours", is_number=False), Column("mean ± std", "ours"), Column("same statistic", "ours"))
    return Table(
        name=f"reference-{name}",
        title=f"Beside {reference.source.split(',')[0]}",
        caption=f"{reference.source}; {reference.metric.replace('_', ' ')} in percent. "
        + " ".join(compare_protocols(reference, study)),
        columns=(Column("published", is_number=False), *theirs, *cells, Column("ours − theirs")),
        rows=tuple(_row(reference, one, ours) for one in found),
        numbers=pd.DataFrame([_numbers(reference, one, ours) for one in found]),
    )


def _row(reference: Reference, one: Counterpart, ours: Mapping[str, Summary]) -> tuple[Entry, ...]:
    row, statistic = one.row, _statistic(reference, one)
    summary, value = ours.get(one.cell.name), _ours(reference, one, ours)
    detail = f"{fixed(row.mean)} ± {fixed(row.std)}" if row.mean is not None and row.std is not None else ""
    theirs = row.value if isinstance(row.value, float) else None
    return (
        Entry(row.name),
        number(_verdict(reference, row.value), theirs, detail),
        Entry(f"{statistic} of {runs}" if (runs := row.runs or reference.protocol.runs) else statistic),
        Entry(one.cell.name),
        number(mean_std(summary) if summary and summary.n else NOTHING, summary.mean if summary else None),
        number(_verdict(reference, value), value),
        _difference(value, theirs),
    )


def _difference(ours: float | None, theirs: float | None) -> Entry:
    return number("", None) if ours is None or theirs is None else number(signed(ours - theirs), ours - theirs)


def _verdict(reference: Reference, value: float | str | None) -> str:
    """A figure as the paper would print it: `fail` above its limit."""
    if value == FAIL:
        return f"{FAIL} (> {reference.fail_above:g})" if reference.fail_above else FAIL
    if not isinstance(value, float):
        return NOTHING
    failed = reference.fail_above is not None and value > reference.fail_above
    return f"{fixed(value)} ({FAIL})" if failed else fixed(value)


def _statistic(reference: Reference, one: Counterpart) -> str:
    return str(one.row.statistic or reference.protocol.statistic)


def _ours(reference: Reference, one: Counterpart, ours: Mapping[str, Summary]) -> float | None:
    summary = ours.get(one.cell.name)
    return getattr(summary, _STATISTICS.get(_statistic(reference, one), "mean")) if summary else None


def _numbers(reference: Reference, one: Counterpart, ours: Mapping[str, Summary]) -> dict[str, object]:
    summary = ours.get(one.cell.name)
    return {
        "published": one.row.name,
        "theirs": one.row.value,
        "statistic": _statistic(reference, one),
        "cell": one.cell.name,
        "ours": _ours(reference, one, ours),
        "ours_mean": summary.mean if summary else None,
        "ours_std": summary.std if summary else None,
        "ours_n": summary.n if summary else 0,
    }
