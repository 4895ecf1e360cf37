"""Several studies and their records as one page: their verdicts side by side, one error table over all cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ablate.records import Record
from ablate.report.claim_table import claim_numbers
from ablate.report.comparison_tables import tabulate_all_claims, tabulate_all_errors, tabulate_studies
from ablate.report.folder import check_folder, write_folder
from ablate.report.frame import MEASURED
from ablate.report.latex import to_latex
from ablate.report.members import Member, SharedCell, gather_members, merge_frames, share_cells
from ablate.report.provenance import list_environments
from ablate.report.rendering import read_template, render
from ablate.report.table import Table
from ablate.spec.study.study import Study


@dataclass(frozen=True)
class Comparison:
    """A comparison as written: its page, the studies with their verdicts, and every cell of theirs once."""

    page: Path
    members: tuple[Member, ...]
    cells: tuple[SharedCell, ...]
    errors: Table

    @property
    def num_shared(self) -> int:
        """How many cells are in more than one study."""
        return sum(len(cell.studies) > 1 for cell in self.cells)

    def as_json(self) -> dict[str, Any]:
        """The comparison for a program: every study with its claims, every cell with its names and errors."""
        figures = self.errors.numbers.drop(columns=["cell", "studies"])
        rows = figures.astype(object).where(figures.notna(), None).to_dict("records")
        cells = [
            {"names": [{"study": study, "cell": name} for study, name in cell.names], **row}
            for cell, row in zip(self.cells, rows, strict=True)
        ]
        return {"page": str(self.page), "studies": [_study(member) for member in self.members], "cells": cells}


def _study(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "file": member.study.file,
        "question": member.study.question,
        "source": member.study.source,
        "seeds": list(member.study.seeds),
        "trials": len(member.frame),
        "recorded": member.num_recorded,
        "claims": [claim_numbers(judgement) for judgement in member.judgements],
    }


def write_comparison(
    studies: Sequence[Study], records: Mapping[str, Record], folder: Path, *, command: str
) -> Comparison:
    """Write the comparison of studies into `folder`, whole or not at all; the same records give the same bytes.

    Raises:
        UsageError: the folder holds something else than a report.
        AblateError: the folder cannot be written.
    """
    check_folder(folder)
    members = gather_members(studies, records)
    cells = share_cells(members)
    frame = merge_frames(members, cells).drop(columns=list(MEASURED))
    tables = (tabulate_studies(members, cells), tabulate_all_claims(members), tabulate_all_errors(cells, frame))
    comparison = Comparison(folder / "index.html", members, cells, tables[-1])
    trials = dict.fromkeys(frame["trial"])
    context = {
        "members": members,
        "num_shared": comparison.num_shared,
        "num_cells": len(cells),
        "tables": {table.name: table for table in tables},
        "environments": list_environments(records[trial] for trial in trials if trial in records),
        "command": command,
    }
    write_folder(folder, {name: text.encode() for name, text in _files(context, tables, frame).items()})
    return comparison


def _files(context: Mapping[str, Any], tables: Sequence[Table], frame: pd.DataFrame) -> dict[str, str]:
    sources = {"style": read_template("style.css"), "script": read_template("script.js")}
    texts = {
        "index.html": render("comparison.html.j2", **context, **sources),
        "report.md": render("comparison.md.j2", **context),
        "results.csv": frame.to_csv(index=False, lineterminator="\n"),
    }
    for table in tables:
        if table.rows:
            texts[f"tables/{table.name}.csv"] = table.numbers.to_csv(index=False, lineterminator="\n")
            texts[f"tables/{table.name}.tex"] = to_latex(table)
    return texts
