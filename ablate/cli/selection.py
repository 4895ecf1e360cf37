"""One network or one trial out of a file, by its name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.errors import UsageError

if TYPE_CHECKING:
    from ablate.records import Store
    from ablate.spec import Architecture, Cell, Trial


def select(
    file: Path, overrides: Iterable[str], cell_name: str | None, like: Architecture | Cell | None = None
) -> Architecture | Cell:
    """The architecture of a file, or a cell of a study: that of the name, or most like another, or the baseline.

    Raises:
        SpecError: the file is wrong.
        UsageError: there is no such cell; lists those there are.
    """
    from ablate.spec import Cell, Study, load

    spec = load(file, overrides)
    if not isinstance(spec, Study):
        if cell_name is not None:
            raise UsageError(f"{file}: an architecture, which has no cells; leave {cell_name!r} out")
        return spec
    if isinstance(like, Cell) and cell_name is None:
        factors = like.factors
        return max(spec.cells, key=lambda cell: sum(cell.factors.get(axis) == factors[axis] for axis in factors))
    wanted = cell_name or spec.baseline or spec.cells[0].name
    for cell in spec.cells:
        if cell.name == wanted:
            return cell
    known = "\n  ".join(cell.name for cell in spec.cells)
    raise UsageError(f"{file}: no cell is called {wanted!r}; the cells are\n  {known}")


def select_trial(file: Path, overrides: Iterable[str], wanted: str, store: Store) -> Trial:
    """The trial of a study with an id, with the only id that starts so, or with a name as `ablate status` prints it.

    Raises:
        SpecError: the file is wrong, or no study.
        UsageError: there is no such trial, or several.
    """
    from ablate.search import decide
    from ablate.spec import load_study

    study, _ = decide(load_study(file, overrides), store.read)
    trials = study.trials
    found = [trial for trial in trials if trial.name == wanted] or [
        trial for trial in trials if wanted and trial.id.startswith(wanted)
    ]
    if len(found) == 1:
        return found[0]
    known = "\n  ".join(f"{trial.id}  {trial.name}" for trial in found or trials)
    raise UsageError(f"{file}: {'several trials' if found else 'no trial'} called {wanted!r}; there are\n  {known}")
