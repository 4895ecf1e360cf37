"""Dotted paths, as written in grids, edits, claims and on the command line: `blocks.mine.branch[4]`."""

from __future__ import annotations

import re

from ablate.spec.source.problems import Location, dotted
from ablate.spec.source.wording import did_you_mean, enumerate_words, quote

NAME = re.compile(r"[^.\[\]=\s][^.\[\]=]*")
BRACKET = re.compile(r"\[([^.\[\]=]{1,100})\]")
INDEX = re.compile(r"[0-9]{1,6}")
SECTIONS = ("architecture", "data", "train")  # of the baseline; paths may leave `baseline.` out
ROOTS = (*SECTIONS, "blocks")  # what a design can change
ALIASES: dict[Location, Location] = {("train", "learning_rate"): ("train", "lr")}

Part = tuple[str, str]  # what is written before it ("." or "["), and the name or index


def split_path(text: str) -> list[Part]:
    """`blocks.mine.branch[4]` -> `[(".", "blocks"), (".", "mine"), (".", "branch"), ("[", "4")]`.

    Raises:
        ValueError: not a path; says how one looks.
    """
    parts: list[Part] = []
    rest = f".{text}"
    while rest:
        name = NAME.match(rest, 1) if rest[0] == "." else BRACKET.match(rest) if parts else None
        if not name:
            raise ValueError(f"{quote(text)} is not a path; write it like train.lr or blocks.mine.branch[4]")
        parts.append((rest[0], name[name.re.groups]))
        rest = rest[name.end() :]
    return parts[1:] if parts[0][1] == "baseline" and len(parts) > 1 else parts


def parse_path(text: str) -> Location:
    """`blocks.mine.branch[4]` -> `("blocks", "mine", "branch", 4)`, other names of a key replaced by the usual one.

    Raises:
        ValueError: not a path; says how one looks.
    """
    parts = split_path(text)
    if wrong := [name for sign, name in parts if sign == "[" and not INDEX.fullmatch(name)]:
        raise ValueError(f"expected the number of an entry in brackets, got {quote(wrong[0])}; the first is [0]")
    location = tuple(int(name) if sign == "[" else name for sign, name in parts)
    return ALIASES.get(location, location)


def check_root(location: Location) -> None:
    """Raise ValueError unless the path leads to what a design can change."""
    if location[0] == "seeds":
        raise ValueError("seeds are no axis; write 'seeds:' beside 'grid:'")
    if location[0] not in ROOTS:
        remedy = did_you_mean(location[0], ROOTS) or f"; it starts with {enumerate_words(ROOTS, 'or')}"
        raise ValueError(f"no path into the baseline{remedy}")


def usual_path(text: str) -> str:
    """The one spelling of a path: without `baseline.`, aliases replaced; the text itself where it is no path."""
    try:
        return dotted(parse_path(text))
    except ValueError:
        return text
