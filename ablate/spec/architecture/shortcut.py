"""The short form's `shortcut`: what stands on the shortcut, how it is joined, and what that does to the branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from ablate.spec.architecture.operations.arguments import Fraction01, Real
from ablate.spec.architecture.signature import arguments_of, read_mapping
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import did_you_mean, quote

WORDS = ("none", "identity", "projection", "conv1x1")
# What a person coming from another tool, or a YAML boolean, means.
MEANT = dict.fromkeys(("off", "no", "false", "plain"), "none") | dict.fromkeys(("on", "yes", "true"), "identity")


@dataclass(frozen=True)
class Shortcut:
    """One row of He et al. 2016, Table 1, with its numbers."""

    kind: Literal["none", "identity", "projection", "conv1x1", "scale", "gate", "dropout"] = "identity"
    scale: float = 1.0
    branch: float = 1.0
    gate: Literal["exclusive", "shortcut-only"] = "exclusive"
    bias: float = -6.0
    dropout: float = 0.5


def scale_keys(
    *,
    scale: Annotated[Real, "constant factor on the shortcut"],
    branch: Annotated[Real, "constant factor on the branch"] = 1.0,
) -> None:
    """Constant scaling."""


def gate_keys(
    *,
    gate: Annotated[
        Literal["exclusive", "shortcut-only"],
        "exclusive: g on the branch, 1 - g on the shortcut; shortcut-only: 1 on the branch",
    ],
    bias: Annotated[Real, "initial bias of the gate; the more negative, the more open the shortcut"] = -6.0,
) -> None:
    """Gating."""


def dropout_keys(*, dropout: Annotated[Fraction01, "probability of dropping an element of the shortcut"]) -> None:
    """Dropout on the shortcut."""


FORMS = {"scale": scale_keys, "branch": scale_keys, "gate": gate_keys, "bias": gate_keys, "dropout": dropout_keys}
EXPECTED = (
    "none, identity, projection, conv1x1, {scale: 0.5, branch: 0.5}, {gate: exclusive, bias: -6}, "
    "{gate: shortcut-only, bias: -6} or {dropout: 0.5}"
)


def read_shortcut(written: Any, location: Location, problems: list[Problem]) -> Shortcut | None:
    """One of the words, or a mapping with `scale`, `gate` or `dropout`; None, with its faults, where it is wrong."""
    if isinstance(written, str) and written in WORDS:
        return Shortcut(written)  # type: ignore[arg-type]  # one of WORDS
    form = next((FORMS[key] for key in written if key in FORMS), None) if isinstance(written, Mapping) else None
    if form:
        keys = read_mapping(written, arguments_of(form), location, problems, "a shortcut")
        kind = form.__name__.removesuffix("_keys")
        return None if keys is None else Shortcut(kind, **keys)  # type: ignore[arg-type]  # one of FORMS
    meant = MEANT.get(str(written).lower())
    remedy = f"; did you mean {meant!r}?" if meant else did_you_mean(written, WORDS) if isinstance(written, str) else ""
    problems.append(Problem(location, f"expected {EXPECTED}, got {quote(written)}{remedy}"))
    return None
