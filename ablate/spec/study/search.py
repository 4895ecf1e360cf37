"""`search:`: hyper-parameters tried inside every cell, with the same budget, chosen on validation data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Literal

from ablate.errors import Fault, SpecError
from ablate.spec.source.document import Document
from ablate.spec.source.problems import Problem
from ablate.spec.source.validation import validate
from ablate.spec.study.cells import read_cells
from ablate.spec.study.design import Point
from ablate.spec.study.factors import cell_name, factor, short_names
from ablate.spec.study.parameters import Parameter, read_parameters
from ablate.spec.study.schema import SearchSection
from ablate.spec.study.search_rules import check_design, check_values, count_settings, put_setting
from ablate.spec.study.settings import Setting, draw_settings, list_grid
from ablate.spec.study.study import Cell

FIRST_SEED = 1_000_000  # of training: no final trial repeats the draw on which its setting was chosen


@dataclass(frozen=True)
class Search:
    """What is tried in each cell, and by which metric one setting is chosen."""

    parameters: tuple[Parameter, ...]
    algorithm: Literal["grid", "random", "optuna"]
    num_settings: int  # in each cell
    scheduler: Literal["none", "asha", "median"]
    grace_epochs: int
    metric: Literal["val_error", "val_loss"]
    seed: int
    points: Mapping[str, Point]  # what the cells were read from, by name

    @property
    def training_seed(self) -> int:
        """Of every training of the search, so that settings are compared on equal terms."""
        return FIRST_SEED + self.seed

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """Those of grid and random search; for `optuna` as many at random, for where it has nothing new to try."""
        if self.algorithm == "grid":
            return tuple(islice(list_grid(self.parameters), self.num_settings))
        return tuple(draw_settings(self.parameters, self.num_settings, self.seed))

    def name(self, setting: Setting) -> str:
        """`lr=0.05 momentum=0.9`."""
        shorts = short_names([parameter.path for parameter in self.parameters])
        values = {path: factor(value) for path, value in setting.items()}
        return cell_name(values, {path: shorts[path] for path in setting})

    def apply(self, cell: Cell, setting: Setting) -> Cell:
        """The cell with the setting put in, under its own name.

        Raises:
            SpecError: these values do not go together.
        """
        cells, faults = read_cells([put_setting(self.points[cell.name], self.parameters, setting)])
        if faults:
            raise SpecError(replace(f, message=f"{f.message} (in a setting: {self.name(setting)})") for f in faults)
        return cells[0]


def read_search(study: Document, points: Sequence[Point]) -> tuple[Search | None, list[Problem], list[Fault]]:
    """The search of a study, None without one; what is wrong with it as written, and what with its settings."""
    node = study.node(("search",))
    if node is None or not isinstance(node.content, Mapping):
        return None, [], []
    section, _ = validate(SearchSection, node.plain)  # what is mistyped is told with the study
    parameters, problems = read_parameters(study)
    problems += check_design(parameters, points)
    if problems or not section:
        return None, problems, []
    if faults := check_values(parameters, points):
        return None, [], faults
    number, problems = count_settings(section, parameters, len(points))
    search = Search(
        parameters=tuple(parameters),
        algorithm=section.algorithm,
        num_settings=number,
        scheduler=section.scheduler,
        grace_epochs=section.grace_epochs,
        metric=section.metric,
        seed=section.seed,
        points={point.name: point for point in points},
    )
    return search, problems, [] if problems else _check_settings(search)


def _check_settings(search: Search) -> list[Fault]:
    """Values that are right one by one may not go together; what TPE will propose is not known yet."""
    known = search.settings if search.algorithm != "optuna" else ()
    points = [
        replace(put_setting(point, search.parameters, setting), name=f"{name} {search.name(setting)}")
        for name, point in search.points.items()
        for setting in known
    ]
    return read_cells(points)[1]
