"""What cells cost: size and operations, which are the same in every run, and measured time, which is not."""

from __future__ import annotations

import pandas as pd

from ablate.report.frame import MEASURED
from ablate.report.notation import decimal, integer, magnitude, mean_std
from ablate.report.statistics import summarise
from ablate.report.table import Column, Entry, Table, number


def tabulate_sizes(frame: pd.DataFrame) -> Table:
    """Parameters and multiply-adds of every cell that has a record."""
    columns = ["cell", "parameters", "multiply_adds", "epochs"]
    numbers = frame[frame["parameters"].notna()].groupby("cell", sort=False)[columns[1:]].max().reset_index()
    rows = tuple(
        (
            Entry(str(row.cell)),
            number(integer(row.parameters), row.parameters),
            number(magnitude(row.multiply_adds), row.multiply_adds),
            number(str(row.epochs), row.epochs),
        )
        for row in numbers.itertuples()
    )
    return Table(
        name="sizes",
        title="Size",
        caption="Learned parameters, multiply-adds of one image forward, and epochs trained.",
        columns=(Column("cell", is_number=False), Column("parameters"), Column("multiply-adds"), Column("epochs")),
        rows=rows,
        numbers=numbers,
    )


def tabulate_times(frame: pd.DataFrame) -> Table:
    """Measured seconds, speed and memory of every cell: the only figures that change when a study is run again."""
    recorded = frame[frame["seconds"].notna()]
    rows, numbers = [], []
    for cell, trials in recorded.groupby("cell", sort=False):
        seconds, speed = (summarise(trials[column].tolist()) for column in MEASURED[:2])
        memory = float(trials["peak_memory_bytes"].max())
        entries = (number(mean_std(seconds), seconds.mean), number(integer(speed.mean), speed.mean))
        rows.append((Entry(str(cell)), *entries, number(decimal(memory / 2**20, 1), memory)))
        numbers.append({"cell": cell, "seconds_mean": seconds.mean, "seconds_std": seconds.std, "n": seconds.n})
        numbers[-1] |= {"images_per_second_mean": speed.mean, "peak_memory_bytes_max": memory}
    columns = (Column("seconds per trial"), Column("images per second"), Column("peak memory, MiB"))
    return Table(
        name="times",
        title="Measured time",
        caption=f"{decimal(recorded['seconds'].sum(), 1)} seconds of training in all, summed over trials. "
        "These figures differ whenever the study is run again; nothing else in this report does.",
        columns=(Column("cell", is_number=False), *columns),
        rows=tuple(rows),
        numbers=pd.DataFrame(numbers),
    )
