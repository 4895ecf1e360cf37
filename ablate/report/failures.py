"""The trials without a full result: diverged, failed, stopped and missing ones, each by name."""

from __future__ import annotations

import pandas as pd

from ablate.records import Outcome
from ablate.report.notation import integer
from ablate.report.table import Column, Entry, Table, number

_COLUMNS = ["cell", "seed", "outcome", "epochs", "error", "trial"]


def tabulate_failures(frame: pd.DataFrame) -> Table:
    """A row per trial that did not finish; empty when all did."""
    numbers = frame.loc[frame["outcome"] != Outcome.FINISHED, _COLUMNS].reset_index(drop=True)
    rows = tuple(
        (
            Entry(str(row["cell"])),
            number(str(row["seed"]), row["seed"]),
            Entry(str(row["outcome"])),
            number(integer(row["epochs"]), row["epochs"]),
            Entry("" if pd.isna(row["error"]) else str(row["error"])),
        )
        for row in numbers.to_dict("records")
    )
    return Table(
        name="failures",
        title="Failures",
        caption="A diverged trial's loss became infinite or undefined: that is a result of the network and its recipe. "
        "A failed trial raised an exception. Missing trials have not been run.",
        columns=(
            Column("cell", is_number=False),
            Column("seed"),
            Column("outcome", is_number=False),
            Column("epochs"),
            Column("why", is_number=False),
        ),
        rows=rows,
        numbers=numbers,
    )
