"""`diagnostics:`: what is measured of a network beside its errors.

Nothing here changes a result, so it is no part of a trial's identity; that is also why it stands beside `baseline:`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.validation import validate
from ablate.spec.study.recipe import Positive, Section

Name = Literal["gradients", "responses", "shortcuts", "activations", "lesions"]
Options = Mapping[str, int]


class GradientsSection(Section):
    """Norms of the loss's gradient: by the weights of every unit, and by its output."""

    epochs: Positive = 10
    """Epochs in which it is measured, evenly spread, the first and the last among them; always at initialisation."""
    steps: Positive = 4
    """Training steps of such an epoch whose gradients are measured; their norms are averaged."""


class ProbeSection(Section):
    """What is seen on the trained weights while test images pass, evenly spread over the test set."""

    images: Positive = 256
    """How many of them."""


class LesionsSection(Section):
    """Test error of the trained network without one unit, without several, and with units exchanged (Veit 2016)."""

    images: Positive = 500
    """Test images, evenly spread over the test set, on which each error is measured."""
    draws: Annotated[int, Field(gt=0, le=100)] = 3
    """Random choices of units for every number of them."""


class DiagnosticSection(Section):
    """A diagnostic with options."""

    gradients: GradientsSection | None = None
    """Gradient norm of every unit, at initialisation and by epoch; default."""
    responses: ProbeSection | None = None
    """Standard deviation of every convolution's response, after normalisation (He et al. 2015, Fig. 7); default."""
    shortcuts: ProbeSection | None = None
    """Gain and gates of every shortcut, and the scale of the branch beside it; default."""
    activations: ProbeSection | None = None
    """Channels whose ReLU never opens; default."""
    lesions: LesionsSection | None = None
    """Errors with units removed or exchanged; not by default, since it may take a third of a short training."""


Written = Annotated[list[Name | DiagnosticSection], Field(max_length=20)]
SECTIONS: Mapping[str, type[Section]] = {
    "gradients": GradientsSection,
    "responses": ProbeSection,
    "shortcuts": ProbeSection,
    "activations": ProbeSection,
    "lesions": LesionsSection,
}
DEFAULT = ("gradients", "responses", "shortcuts", "activations")  # together below 5% of the training time


@dataclass(frozen=True)
class Diagnostics:
    """The diagnostics of a trial, by name, with every option.

    `required` ones are written in the study: a finished trial whose record lacks them is trained again. The default
    ones are recorded whenever a trial is trained, but no reason to train it again.
    """

    options: Mapping[str, Options] = field(default_factory=dict)
    written: bool = False

    @property
    def required(self) -> Mapping[str, Options]:
        """What a record must hold."""
        return self.options if self.written else {}

    def beside(self, recorded: Mapping[str, Mapping[str, Any]]) -> Diagnostics:
        """Also those of an older record that this trial's will replace, so that studies can share it."""
        return replace(self, options={name: found["options"] for name, found in recorded.items()} | {**self.options})


def read_diagnostics(written: Any) -> tuple[Diagnostics, list[Problem]]:
    """The diagnostics of a study, the default ones where it says nothing, and what is wrong with them.

    What has the wrong type is left to the schema.
    """
    if written is None:
        return Diagnostics({name: SECTIONS[name]().model_dump() for name in DEFAULT}), []
    options: dict[str, Options] = {}
    problems: list[Problem] = []
    for place, name, given in _entries(written):
        if name not in SECTIONS:
            problems += [] if name else [Problem(place, "names no diagnostic; remove it")]
            continue
        section, wrong = validate(SECTIONS[name], given)
        if name in options:
            problems.append(Problem(place, f"'{name}' is given twice; list each diagnostic once"))
        if section and not wrong:
            options[name] = section.model_dump()
    return Diagnostics(options, written=True), problems


def _entries(written: Any) -> Iterator[tuple[Location, str, Any]]:
    """Where each entry stands, its name and its options; one without a name has an empty one."""
    for index, item in enumerate(written if isinstance(written, list) else ()):
        if isinstance(item, str):
            yield ("diagnostics", index), item, None
        elif isinstance(item, dict):
            for name, options in (item or {"": None}).items():
                yield ("diagnostics", index), name, options
