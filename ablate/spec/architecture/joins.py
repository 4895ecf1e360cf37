"""Joins: how the paths of a unit meet, as written and checked against the paths there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablate.spec.architecture.network import Join
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import did_you_mean, quote

GATED = ("branch", "shortcut", "gate")  # the paths that a gate joins
WORDS: dict[str, Join] = {"add": "add", "concat": "concat", "multiply": "multiply", "gate": "gate", "none": "none"}
GATES: dict[str, Join] = {"exclusive": "gate", "shortcut-only": "gate-shortcut"}


def read_join(written: Any, paths: tuple[str, ...], location: Location, problems: list[Problem]) -> Join:
    """One of WORDS or `{gate: shortcut-only}`; a block without `join` has `none`."""
    inside = (*location, "join")
    join = "none" if written is None else _join(written)
    if join is None:
        forms = [*WORDS, "{gate: exclusive}", "{gate: shortcut-only}"]
        message = f"expected {', '.join(forms[:-1])} or {forms[-1]}, got {quote(written)}"
        remedy = did_you_mean(written, WORDS) if isinstance(written, str) else ""
        problems.append(Problem(inside, message + remedy))
    elif paths and (complaint := _mismatch(join, paths)):
        problems.append(Problem(inside, complaint))
    return join or "none"


def _join(written: Any) -> Join | None:
    if isinstance(written, str):
        return WORDS.get(written)
    if isinstance(written, Mapping) and written.keys() == {"gate"} and isinstance(written["gate"], str):
        return GATES.get(written["gate"])
    return None


def _mismatch(join: Join, paths: tuple[str, ...]) -> str:
    """Why a join and a set of paths do not go together, or nothing."""
    if join.startswith("gate"):
        listed = ", ".join(paths)
        return "" if set(paths) == set(GATED) else f"a gate joins the paths branch, shortcut and gate, got {listed}"
    if "gate" in paths and join in ("add", "none"):
        return "the path `gate` needs `join: gate`"
    if join == "none" and len(paths) > 1:
        return f"{len(paths)} paths ({', '.join(paths)}) need a join: add, concat, multiply or gate"
    if join != "none" and len(paths) == 1:
        return f"one path ({paths[0]}) has nothing to {join}; leave `join` out"
    return ""
