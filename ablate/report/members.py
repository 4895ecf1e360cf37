"""Several studies as one: cells that are equal become one cell, under all of its names and with all of its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ablate.records import Record
from ablate.report.claims import Judgement, judge
from ablate.report.frame import MISSING, load_frame
from ablate.spec.study.study import Cell, Study


@dataclass(frozen=True)
class Member:
    """One study of a comparison, with its results and verdicts; `name` is unlike that of any other member."""

    name: str
    study: Study
    frame: pd.DataFrame
    judgements: tuple[Judgement, ...]

    @property
    def num_recorded(self) -> int:
        """How many of its trials have a record."""
        return int((self.frame["outcome"] != MISSING).sum())


@dataclass(frozen=True)
class SharedCell:
    """A cell and what it is called: (study, name in it), at least one."""

    cell: Cell
    names: tuple[tuple[str, str], ...]

    @property
    def studies(self) -> tuple[str, ...]:
        """The studies that have it, each once."""
        return tuple(dict.fromkeys(study for study, _ in self.names))

    @property
    def label(self) -> str:
        """`a, b: depth=20` where studies agree on the name, `a: depth=20 = b: baseline` where they do not."""
        studies: dict[str, list[str]] = {}
        for study, name in self.names:
            studies.setdefault(name, []).append(study)
        return " = ".join(f"{', '.join(members)}: {name}" for name, members in studies.items())


def gather_members(studies: Sequence[Study], records: Mapping[str, Record]) -> tuple[Member, ...]:
    """The studies with their results; called by their files where two have one name."""
    names = [study.name for study in studies]
    labels = [study.name if names.count(study.name) == 1 else study.file for study in studies]
    frames = [load_frame(study, records) for study in studies]
    return tuple(
        Member(label, study, frame, judge(study, frame))
        for label, study, frame in zip(labels, studies, frames, strict=True)
    )


def share_cells(members: Sequence[Member]) -> tuple[SharedCell, ...]:
    """Every cell once, in the order of the studies; equal are those whose trials are the same."""
    cells: dict[tuple[str, str], Cell] = {}
    names: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for member in members:
        for cell in member.study.cells:
            key = cell.identity, member.name if cell.undecided else ""  # each study searches a setting of its own
            cells.setdefault(key, cell)
            names.setdefault(key, []).append((member.name, cell.name))
    return tuple(SharedCell(cell, tuple(names[key])) for key, cell in cells.items())


def merge_frames(members: Sequence[Member], cells: Sequence[SharedCell]) -> pd.DataFrame:
    """One row per cell and seed, as `load_frame` gives them, with a cell's label as its name and all of its factors.

    The column `studies` follows `cell`; the factors are those of all studies, empty where a study has no such axis.
    """
    places = {name: place for place, cell in enumerate(cells) for name in cell.names}
    frames = [
        member.frame.assign(place=[places[member.name, cell] for cell in member.frame["cell"]]) for member in members
    ]
    rows = pd.concat(frames).groupby(["place", "seed"], as_index=False).first()  # the first that is not empty
    columns = list(dict.fromkeys(str(column) for frame in frames for column in frame))
    factors = list(dict.fromkeys(a for m in members for cell in m.study.cells for a in cell.factors))
    rows[factors] = rows.groupby("place")[factors].transform("first")  # of every seed, whichever study has it
    rows["cell"] = [cells[place].label for place in rows["place"]]
    merged = rows[[column for column in columns if column != "place"]]
    merged.insert(2, "studies", [", ".join(cells[place].studies) for place in rows["place"]])
    return merged
