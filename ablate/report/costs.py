"""What cells cost: size and operations, which are the same in every run, and measured time, which is not."""

from __future__ import annotations

import pandas as pd

from ablate.report.frame import MEASURED
from ablate.report.notation import fixed, integer, magnitude, mean_std
from ablate.report.statistics import summarise
from ablate.report.table import Column, Entry, Table, number
from ablate.spec.architecture.summary import Summary
from ablate.spec.architecture.summary import summarise as summarise_network
from ablate.spec.study.study import Cell, Study


def tabulate_sizes(study: Study) -> Table:
    """Size of every cell, and how clean its shortcuts are, computed from its specification."""
    sizes = [(cell, summarise_network(cell.network)) for cell in study.cells]
    return Table(
        name="sizes",
        title="Size",
        caption="Learned parameters, multiply-adds of one image forward, weighted layers on the longest path, and what "
        "a signal meets on its way from stem to head along the shortcuts, or along the branch where a unit has none; "
        "the gain is that of constants and gates at initialisation (He et al. 2016, sec. 3).",
        columns=(
            Column("cell", is_number=False),
            *(Column(title) for title in ("parameters", "multiply-adds", "layers", "shortcuts")),
            Column("operations on the way", is_number=False),
            Column("gain"),
        ),
        rows=tuple(_size_row(cell, size) for cell, size in sizes),
        numbers=pd.DataFrame([_size_numbers(cell, size) for cell, size in sizes]),
    )


def _size_row(cell: Cell, size: Summary) -> tuple[Entry, ...]:
    way = size.cleanliness
    return (
        Entry(cell.name),
        number(integer(size.parameters), size.parameters),
        number(magnitude(size.multiply_adds), size.multiply_adds),
        number(integer(size.weighted_layers), size.weighted_layers),
        number(f"{way.shortcuts} of {way.units}", way.shortcuts),
        Entry(_operations(size)),
        number(fixed(way.gain, 3) if way.shortcuts else "–", way.gain if way.shortcuts else None),
    )


def _operations(size: Summary) -> str:
    met = size.cleanliness.operations
    return ", ".join(f"{count} {kind}" for kind, count in met.items()) or "none"


def _size_numbers(cell: Cell, size: Summary) -> dict[str, object]:
    way = size.cleanliness
    return {
        "cell": cell.name,
        "parameters": size.parameters,
        "multiply_adds": size.multiply_adds,
        "weighted_layers": size.weighted_layers,
        "units": way.units,
        "shortcuts": way.shortcuts,
        "operations": _operations(size),
        "gain": way.gain,
        "data_dependent": way.data_dependent,
    }


def tabulate_times(frame: pd.DataFrame) -> Table:
    """Measured seconds, speed and memory of every cell: the only figures that change when a study is run again."""
    recorded = frame[frame["seconds"].notna()]
    rows, numbers = [], []
    for cell, trials in recorded.groupby("cell", sort=False):
        seconds, speed = (summarise(trials[column].tolist()) for column in MEASURED[:2])
        memory = float(trials["peak_memory_bytes"].max())
        entries = (number(mean_std(seconds), seconds.mean), number(integer(speed.mean), speed.mean))
        rows.append((Entry(str(cell)), *entries, number(fixed(memory / 2**20, 1), memory)))
        numbers.append({"cell": cell, "seconds_mean": seconds.mean, "seconds_std": seconds.std, "n": seconds.n})
        numbers[-1] |= {"images_per_second_mean": speed.mean, "peak_memory_bytes_max": memory}
    columns = (Column("seconds per trial"), Column("images per second"), Column("peak memory, MiB"))
    return Table(
        name="times",
        title="Measured time",
        caption=f"{fixed(recorded['seconds'].sum(), 1)} seconds of training in all, summed over trials. "
        "These figures differ whenever the study is run again; nothing else in this report does.",
        columns=(Column("cell", is_number=False), *columns),
        rows=tuple(rows),
        numbers=pd.DataFrame(numbers),
    )
