"""The tables of several studies side by side: the studies, all of their claims, the errors of all of their cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from ablate.records import Outcome
from ablate.report.claim_table import tabulate_claims
from ablate.report.claims import Verdict
from ablate.report.error_table import tabulate_errors
from ablate.report.members import Member, SharedCell
from ablate.report.table import Column, Entry, Table, number


def tabulate_studies(members: Sequence[Member], cells: Sequence[SharedCell]) -> Table:
    """A row per study: its question, its size, and its verdicts counted."""
    numbers = pd.DataFrame([_study_numbers(member, cells) for member in members])
    counted = [Column(column.replace("_", " ")) for column in numbers.columns[4:]]
    return Table(
        name="studies",
        title="Studies",
        caption="Shared cells are equal to a cell of another of these studies, in network, data and recipe. Recorded "
        "and finished count trials; the last columns count claims.",
        columns=(Column("study", is_number=False), Column("question", is_number=False), *counted),
        rows=tuple(
            (Entry(row[0]), Entry(row[2]), *(number(str(count), count) for count in row[4:]))
            for row in numbers.itertuples(index=False, name=None)
        ),
        numbers=numbers,
    )


def _study_numbers(member: Member, cells: Sequence[SharedCell]) -> dict[str, object]:
    study, frame = member.study, member.frame
    verdicts = Counter(judgement.verdict for judgement in member.judgements)
    return {
        "study": member.name,
        "file": study.file,
        "question": study.question,
        "source": study.source,
        "cells": len(study.cells),
        "shared_cells": sum(len(cell.studies) > 1 and member.name in cell.studies for cell in cells),
        "seeds": len(study.seeds),
        "trials": len(frame),
        "recorded": member.num_recorded,
        "finished": int((frame["outcome"] == Outcome.FINISHED).sum()),
        **{verdict.replace(" ", "_"): verdicts[verdict] for verdict in Verdict},
    }


def tabulate_all_claims(members: Sequence[Member]) -> Table:
    """Every claim of every study, judged within its own study."""
    tables = {member.name: tabulate_claims(member.judgements) for member in members}
    some = next(iter(tables.values()))
    frames = [table.numbers.assign(study=name) for name, table in tables.items() if len(table.numbers)]
    numbers = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"study": []})
    return replace(
        some,
        caption=f"{some.caption} The correction is over the claims of the claim’s own study.",
        columns=(Column("study", is_number=False), *some.columns),
        rows=tuple((Entry(name), *row) for name, table in tables.items() for row in table.rows),
        numbers=numbers[["study", *(column for column in numbers if column != "study")]],
    )


def tabulate_all_errors(cells: Sequence[SharedCell], frame: pd.DataFrame) -> Table:
    """The error table of the merged frame, with the data set and epochs that errors must agree in to be compared."""
    table = tabulate_errors(frame)
    recipes = [(cell.cell.data.dataset, cell.cell.train.epochs) for cell in cells]
    numbers = table.numbers.copy()
    numbers.insert(1, "studies", [", ".join(cell.studies) for cell in cells])
    numbers.insert(2, "dataset", [dataset for dataset, _ in recipes])
    numbers.insert(3, "epochs", [epochs for _, epochs in recipes])
    added = (Column("data", is_number=False), Column("epochs"))
    return replace(
        table,
        caption=f"{table.caption} Cells that are equal in network, data and recipe are one row, under all of their "
        "names and with the seeds of all studies. Cells of different studies may differ in more than their names say: "
        "`ablate diff` tells in what.",
        columns=(table.columns[0], *added, *table.columns[1:]),
        rows=tuple(
            (row[0], Entry(dataset), number(str(epochs), epochs), *row[1:])
            for row, (dataset, epochs) in zip(table.rows, recipes, strict=True)
        ),
        numbers=numbers,
    )
