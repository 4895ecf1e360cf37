"""What may be written in a study: its keys, their types and what they are for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ablate.spec.diagnostics import Written as WrittenDiagnostics
from ablate.spec.recipe import Section
from ablate.spec.seeds import MAX_SEEDS

MAX_CLAIMS = 1_000

Metric = Literal["train_error", "val_error", "test_error", "train_loss", "val_loss", "test_loss"]
Expectation = Literal["higher", "lower", "not-higher", "not-lower"]
Pair = Annotated[list[Any], Field(min_length=2, max_length=2)]
Count = Annotated[int, Field(gt=0, le=MAX_SEEDS)]
Seeds = Annotated[list[Annotated[int, Field(ge=0, lt=2**32)]], Field(min_length=1, max_length=MAX_SEEDS)]


class BaselineSection(Section):
    """What every cell starts from."""

    architecture: dict[str, Any]
    """The network, in the short or the explicit form."""
    data: Any = None
    """Which images, how they are split, normalised and augmented."""
    train: Any = None
    """The recipe; every key has the papers' default."""


class EditSection(Section):
    """One change to the baseline: edits by path, meant all at once."""

    set: dict[str, Any] | None = None
    """Paths with their new values; a key need not be there yet."""
    replace: dict[str, Any] | None = None
    """Path patterns with a new value for each value that is there: `blocks.*.branch[bn]`."""
    remove: list[str] | None = None
    """Path patterns of what to take away."""


class LeaveOneOutSection(Section):
    """Parts to leave out of the baseline, one at a time."""

    paths: list[str]
    """Path patterns of the parts."""
    pairs: bool = False
    """Also leave out every two of them, to see their interaction."""


class ClaimSection(Section):
    """What the author expects, so that records can support or refute it."""

    says: str
    """The claim in one sentence."""
    source: str = ""
    """Where the claim comes from, e.g. `He et al. 2015, Fig. 6`."""
    metric: Metric
    """What is compared; errors in percent."""
    where: dict[str, Any] | None = None
    """Only cells with these values, by axis; `variant` is the axis of the variants and the baseline."""
    compare: Annotated[dict[str, Pair], Field(min_length=1, max_length=1)]
    """One axis with two of its values: this one, against that one."""
    expect: Expectation
    """How the first value's metric should stand to the second's."""
    margin: Annotated[float, Field(ge=0)] = 0.0
    """How much at least, in the metric's unit (percentage points for errors)."""


class ReportSection(Section):
    """What the report shows besides the results."""

    reference: str | None = None
    """Name of a published table in specs/references/ to set beside ours."""


class StudySection(Section):
    """A study file."""

    question: str = ""
    """The question the study answers, in one sentence."""
    source: str = ""
    """The paper, figure or table it follows."""
    extends: str | list[str] | None = None
    """Files this one is laid over, relative to this file; later ones over earlier ones."""
    blocks: dict[str, Any] | None = None
    """The user's own blocks, by name."""
    baseline: BaselineSection
    """The network, data and recipe that every cell starts from."""
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] | None = None
    """Axes, each a dotted path with its list of values; cells are the full factorial. `include` keeps only the cells
    that meet one of its conditions (a mapping of axes to values), `exclude` drops those that do."""
    variants: dict[str, EditSection | None] | None = None
    """One change at a time from the baseline, by name."""
    leave_one_out: list[str] | LeaveOneOutSection | None = None
    """Parts of the baseline to leave out one at a time, by path."""
    seeds: Count | Seeds = 1
    """How many seeds (0, 1, ...), or which."""
    diagnostics: WrittenDiagnostics | None = None
    """What is measured beside the errors, by name or with options; default: all but `lesions`. `[]` for nothing."""
    claims: Annotated[list[ClaimSection], Field(max_length=MAX_CLAIMS)] | None = None
    """What is expected of the results."""
    report: ReportSection | None = None
    """What the report shows besides the results."""


class ArchitectureSection(Section):
    """An architecture file."""

    extends: str | list[str] | None = None
    """Files this one is laid over, relative to this file; later ones over earlier ones."""
    blocks: dict[str, Any] | None = None
    """The user's own blocks, by name."""
    architecture: dict[str, Any]
    """The network, in the short or the explicit form."""
