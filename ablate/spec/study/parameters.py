"""The parameters of a search: paths into the baseline, and where their values come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ablate.spec.source.document import COMMAND_LINE, Document, Mark, Node
from ablate.spec.source.paths import check_root, parse_path
from ablate.spec.source.problems import Location, Problem, dotted
from ablate.spec.source.wording import did_you_mean, enumerate_words, quote
from ablate.spec.study.factors import same
from ablate.spec.study.ranges import MAX_VALUES, check_range

Kind = Literal["choice", "uniform", "loguniform", "int"]
KINDS: tuple[Kind, ...] = ("choice", "uniform", "loguniform", "int")
FIXED = ("data.dataset", "data.root", "data.validation")  # what settings are compared on


@dataclass(frozen=True)
class Parameter:
    """A path with its choices, or with a range, both ends included."""

    path: str
    location: Location
    written: Location  # where it stands in the study
    key: Mark
    kind: Kind
    node: Node  # the list as written: what a fault of a value points at
    step: float | None = None
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # only with these values, by path, as `same` has

    @property
    def range(self) -> tuple[float, float]:
        """Both ends; of a choice there are none."""
        low, high = self.node.plain
        return low, high

    @property
    def values(self) -> tuple[Any, ...]:
        """Every value in order, or none where there are endlessly many."""
        if self.kind == "choice":
            return tuple(self.node.plain)
        if not (step := self.step or float(self.kind == "int")):
            return ()
        number = self.num_steps(step) + 1
        return tuple(self.at(index, step) for index in range(number)) if number <= MAX_VALUES else ()

    def num_steps(self, step: float) -> int:
        """How many whole steps fit into the range."""
        low, high = self.range
        return int((high - low) / step + 1e-9)

    def at(self, index: int, step: float) -> float:
        """The value so many steps above the lower end: 0.3, not 0.30000000000000004."""
        value = self.range[0] + index * step
        return round(value) if self.kind == "int" else float(f"{value:.12g}")

    def place(self, value: Any) -> Node:
        """The value with the marks of the choice or range it is from."""
        entries = self.node.content if isinstance(self.node.content, tuple) and self.kind == "choice" else ()
        found = next((entry for entry in entries if same(entry.plain) == same(value)), Node(value, self.node.mark))
        return replace(found, key=self.key)

    def applies(self, setting: Mapping[str, Any]) -> bool:
        """Whether its condition is met by the values of the parameters before it."""
        return all(path in setting and same(setting[path]) in values for path, values in self.when.items())


def read_parameters(study: Document) -> tuple[list[Parameter], list[Problem]]:
    """The parameters in written order, and what is wrong with any. What has the wrong type is left to the schema."""
    place: Location = ("search", "parameters")
    node = study.node(place)
    parameters: list[Parameter] = []
    problems: list[Problem] = []
    for written, entry in node.content.items() if node and isinstance(node.content, Mapping) else ():
        try:
            location = parse_path(written)
            check_root(location)
        except ValueError as error:
            problems.append(Problem((*place, written), str(error), on_key=True))
            continue
        parameter, found = _read(dotted(location), location, (*place, written), entry)
        problems += found
        if parameter and len(location) < 2:
            problems.append(Problem(parameter.written, "leads to a whole section; add a key", on_key=True))
        elif parameter:
            problems += [*_check_path(parameter, parameters, study), *_check_condition(entry, parameter, parameters)]
            parameters.append(parameter)
    if node and node.content == {}:
        problems.append(Problem(place, "names no parameter; write one, e.g. train.lr: {loguniform: [0.01, 1.0]}"))
    return parameters, problems


def _read(path: str, location: Location, place: Location, entry: Node) -> tuple[Parameter | None, list[Problem]]:
    if not isinstance(entry.content, Mapping):
        return None, []
    kinds = [kind for kind in KINDS if kind in entry.content]
    if len(kinds) != 1:
        got = f", got {enumerate_words(kinds)}" if kinds else ""
        return None, [Problem(place, f"write one of {enumerate_words(KINDS, 'or')}{got}", on_key=True)]
    node = entry.content[kinds[0]]
    if not isinstance(node.content, tuple):
        return None, []
    step = entry.child("step")
    if found := list(check_range(kinds[0], node, step, place)):
        return None, found
    conditions = entry.child("when")
    when = _conditions(conditions.content) if conditions and isinstance(conditions.content, Mapping) else {}
    key, length = entry.key or entry.mark, step.plain if step else None
    return Parameter(path, location, place, key, kinds[0], node, length, when), []


def _conditions(written: Mapping[str, Node]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(map(same, _alternatives(node))) for key, node in written.items()}


def _alternatives(node: Node) -> list[Any]:
    return node.plain if isinstance(node.content, tuple) else [node.plain]


def _check_path(parameter: Parameter, earlier: Sequence[Parameter], study: Document) -> Iterator[Problem]:
    place = parameter.written
    if parameter.path in FIXED:
        yield Problem(place, "cannot be searched: settings are compared by it; set it in the baseline", on_key=True)
    for other in earlier:
        if all(a == b for a, b in zip(parameter.location, other.location, strict=False)):
            yield Problem(place, f"sets the same as the parameter '{other.path}'; keep one of them", on_key=True)
    fixed = study.node(("baseline", *parameter.location))
    if fixed and fixed.mark.file == COMMAND_LINE:
        message = f"is searched, but also given on the command line, got {quote(fixed.plain)}; leave one of them out"
        yield Problem(place, message, on_key=True)


def _check_condition(entry: Node, parameter: Parameter, earlier: Sequence[Parameter]) -> Iterator[Problem]:
    choices = {other.path: other.values for other in earlier if other.kind == "choice"}
    written = entry.child("when")
    for path, node in written.content.items() if written and isinstance(written.content, Mapping) else ():
        place = (*parameter.written, "when", path)
        if path not in choices:
            known = any(path == other.path for other in earlier)
            remedy = (
                not known and did_you_mean(path, choices)
            ) or "; name a parameter with 'choice' that is written above"
            yield Problem(place, f"no parameter to depend on{remedy}", on_key=True)
            continue
        for value in _alternatives(node):
            if same(value) not in map(same, choices[path]):
                listed = enumerate_words(choices[path])
                yield Problem(place, f"none of its choices, got {quote(value)}; they are {listed}")
