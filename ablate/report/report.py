"""From a study and its records to its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ablate.records import Record
from ablate.report.claim_table import claim_numbers, tabulate_claims
from ablate.report.claims import Judgement, judge
from ablate.report.costs import tabulate_sizes, tabulate_times
from ablate.report.degradation import tabulate_degradation
from ablate.report.effect_table import tabulate_effects
from ablate.report.effects import Effect, measure_effects
from ablate.report.error_table import tabulate_errors
from ablate.report.failures import tabulate_failures
from ablate.report.folder import check_folder, write_folder
from ablate.report.frame import MEASURED, MISSING, load_frame
from ablate.report.gallery import plot
from ablate.report.latex import to_latex
from ablate.report.page import Content, render_markdown, render_page
from ablate.report.reference_table import tabulate_references
from ablate.report.search_table import tabulate_search
from ablate.report.signal_table import tabulate_signals
from ablate.report.table import Table
from ablate.search import CellSearch
from ablate.spec.study.study import Study


@dataclass(frozen=True)
class Report:
    """A report as written: its page, and what became of every claim."""

    page: Path
    verdicts: tuple[Judgement, ...]
    num_trials: int
    num_recorded: int

    def as_json(self) -> dict[str, Any]:
        """The report for a program: where it is, how complete, and every claim's numbers."""
        return {
            "page": str(self.page),
            "trials": self.num_trials,
            "recorded": self.num_recorded,
            "claims": [claim_numbers(verdict) for verdict in self.verdicts],
        }


def write_report(
    study: Study,
    records: Mapping[str, Record],
    folder: Path,
    *,
    command: str,
    searches: Sequence[CellSearch] = (),
) -> Report:
    """Write the report of a study into `folder`, whole or not at all; what is not trained yet is named in it.

    Where the study had a search, `searches` say what it tried; `study` is then the one with the chosen settings.

    The same records give the same bytes, measured time apart (`times.csv`, `tables/times.*`, `figures/times.*`, and the
    section "Measured time" of the two pages).

    Raises:
        UsageError: the folder holds something else than a report.
        AblateError: the folder cannot be written.
    """
    check_folder(folder)
    known = {trial.id: records[trial.id] for trial in study.trials if trial.id in records}
    frame = load_frame(study, known)
    judgements, effects = judge(study, frame), measure_effects(study, frame)
    content = Content(
        study=study,
        frame=frame,
        judgements=judgements,
        tables={table.name: table for table in _tables(study, known, frame, effects, searches)},
        plots=plot(study, known, frame, judgements, effects),
        records=tuple(known.values()),
        command=command,
    )
    write_folder(folder, _files(content))
    num_recorded = int((frame["outcome"] != MISSING).sum())
    return Report(folder / "index.html", judgements, len(frame), num_recorded)


def _tables(
    study: Study,
    records: Mapping[str, Record],
    frame: pd.DataFrame,
    effects: Sequence[Effect],
    searches: Sequence[CellSearch],
) -> list[Table]:
    tables = [
        tabulate_errors(frame),
        *tabulate_references(study, frame),
        tabulate_degradation(study, frame),
        tabulate_signals(study, records),
        tabulate_effects(effects),
        tabulate_search(searches),
        tabulate_failures(frame),
        tabulate_sizes(study),
        tabulate_times(frame),
    ]
    return [table for table in tables if table]


def _files(content: Content) -> dict[str, bytes]:
    times = content.frame[["trial", "cell", "seed", *MEASURED]]
    texts = {
        "index.html": render_page(content),
        "report.md": render_markdown(content),
        "results.csv": _csv(content.frame.drop(columns=list(MEASURED))),
        "times.csv": _csv(times[times["seconds"].notna()]),
    }
    for table in _published(content.tables.values(), content.judgements):
        texts[f"tables/{table.name}.csv"] = _csv(table.numbers)
        texts[f"tables/{table.name}.tex"] = to_latex(table)
    files = {name: text.encode() for name, text in texts.items()}
    return files | {f"figures/{name}": data for plot in content.plots for name, data in plot.files.items()}


def _published(tables: Iterable[Table], judgements: Sequence[Judgement]) -> list[Table]:
    return [table for table in (tabulate_claims(judgements), *tables) if table.rows]


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")
