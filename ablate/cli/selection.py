"""One network out of a file: an architecture, or a cell of a study by its name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.errors import UsageError

if TYPE_CHECKING:
    from ablate.spec import Architecture, Cell


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
