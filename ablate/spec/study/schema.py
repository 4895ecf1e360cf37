"""What may be written in a study: its keys, their types and what they are for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ablate.spec.study.diagnostics import Written as WrittenDiagnostics
from ablate.spec.study.recipe import Section
from ablate.spec.study.seeds import MAX_SEEDS

MAX_CLAIMS = 1_000
MAX_CHOICES = 1_000
MAX_SETTINGS = 1_000

Metric = Literal[
    "train_error", "val_error", "test_error", "train_loss", "val_loss", "test_loss", "parameters", "multiply_adds"
]
Expectation = Literal["higher", "lower", "not-higher", "not-lower", "equal", "rises", "falls"]
Percent = Annotated[float, Field(ge=0, le=100)]
Pair = Annotated[list[Any], Field(min_length=2, max_length=2)]
Several = Annotated[list[Any], Field(min_length=2)]
Ends = Annotated[list[float], Field(min_length=2, max_length=2)]
WholeEnds = Annotated[list[int], Field(min_length=2, max_length=2)]
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


class ErrorsSection(Section):
    """An error to be reached, in percent: exactly one."""

    train_error: Percent | None = None
    """Training error."""
    val_error: Percent | None = None
    """Error on the validation images."""
    test_error: Percent | None = None
    """Error on the test images."""


class EpochsToSection(Section):
    """How fast a network learns: the number of epochs until an error is reached."""

    epochs_to: ErrorsSection
    """The error that ends the count, e.g. `{train_error: 10.0}`."""


class ClaimSection(Section):
    """What the author expects, so that records can support or refute it: a metric, and one form of claim."""

    says: str
    """The claim in one sentence."""
    source: str = ""
    """Where the claim comes from, e.g. `He et al. 2015, Fig. 6`."""
    metric: Metric | EpochsToSection
    """What is compared: errors in percent, losses in nats, counts; or `{epochs_to: {train_error: 10.0}}`."""
    where: dict[str, Any] | None = None
    """Only cells with these values, by axis; `variant` is the axis of the variants and the baseline."""
    compare: Annotated[dict[str, Pair], Field(min_length=1, max_length=1)] | None = None
    """One axis with two of its values: this one, against that one."""
    interaction: Annotated[dict[str, Pair], Field(min_length=2, max_length=2)] | None = None
    """Two axes with two values each: the second axis's difference at the first one's first value, against that at its
    second."""
    along: str | None = None
    """An axis of numbers: from each value to the next larger one, the metric rises or falls."""
    order: Annotated[dict[str, Several], Field(min_length=1, max_length=1)] | None = None
    """One axis with its values in order: from each to the next, the metric rises or falls."""
    below: float | None = None
    """The metric of every cell is below this."""
    above: float | None = None
    """The metric of every cell is above this."""
    expect: Expectation | None = None
    """How the first value's metric should stand to the second's, or change along the order."""
    margin: Annotated[float, Field(ge=0)] = 0.0
    """How much at least (for `not-higher`, `not-lower` and `equal`: at most), in the metric's unit."""


class ParameterSection(Section):
    """Where the values of one key come from: exactly one list of choices or range, both ends included."""

    choice: Annotated[list[Any], Field(min_length=1, max_length=MAX_CHOICES)] | None = None
    """Any of these values."""
    uniform: Ends | None = None
    """A number between two; any of them is as likely as another."""
    loguniform: Ends | None = None
    """A number between two, both above 0; any order of magnitude is as likely as another."""
    int: WholeEnds | None = None
    """A whole number between two."""
    step: Annotated[float, Field(gt=0)] | None = None
    """For `uniform` and `int`: only the lower end and whole steps above it."""
    when: dict[str, Any] | None = None
    """Only in settings with these values (one, or a list) of parameters with `choice` that are written above."""


class SearchSection(Section):
    """Hyper-parameters tried inside every cell; each cell is then trained with its best setting, with all seeds."""

    parameters: dict[str, ParameterSection]
    """What is tried, each a dotted path into the baseline."""
    algorithm: Literal["grid", "random", "optuna"] = "random"
    """`grid`: every combination; `random`; `optuna`: its tree-structured Parzen estimator (Bergstra et al. 2011)."""
    trials: Annotated[int, Field(gt=0, le=MAX_SETTINGS)] | None = None
    """How many settings are tried in each cell; a grid tries all."""
    scheduler: Literal["none", "asha", "median"] = "none"
    """Ends poor trainings of the search early: successive halving (Li et al. 2020), the median rule (Golovin 2017)."""
    grace_epochs: Annotated[int, Field(gt=0)] = 1
    """No training is ended before this epoch."""
    metric: Literal["val_error", "val_loss"] = "val_error"
    """What the best setting has the lowest of, after the last epoch."""
    seed: Annotated[int, Field(ge=0, lt=10**6)] = 0
    """Of the random choices of the search, and of its trainings."""


class ReportSection(Section):
    """What the report shows besides the results."""

    reference: str | Annotated[list[str], Field(min_length=1)] | None = None
    """Name of a published table to set beside ours, or a list of names: files in a folder references/, or ablate's."""


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
    search: SearchSection | None = None
    """Hyper-parameters to choose inside every cell before it is trained with all seeds."""
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
