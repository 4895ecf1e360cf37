"""Dotted paths, as written in grids, edits, claims and on the command line: `blocks.mine.branch[4]`."""

from __future__ import annotations

import re

from ablate.spec.problems import Location, dotted

NAME = re.compile(r"[^.\[\]=\s][^.\[\]=]*")
INDEX = re.compile(r"\[([0-9]{1,6})\]")
SECTIONS = ("architecture", "data", "train")  # of the baseline; paths may leave `baseline.` out
ALIASES: dict[Location, Location] = {("train", "learning_rate"): ("train", "lr")}


def parse_path(text: str) -> Location:
    """`blocks.mine.branch[4]` -> `("blocks", "mine", "branch", 4)`, other names of a key replaced by the usual one.

    Raises:
        ValueError: not a path; says how one looks.
    """
    parts: list[str | int] = []
    rest = f".{text}"
    while rest:
        if rest.startswith(".") and (name := NAME.match(rest, 1)):
            parts.append(name[0])
            rest = rest[name.end() :]
        elif parts and (index := INDEX.match(rest)):
            parts.append(int(index[1]))
            rest = rest[index.end() :]
        else:
            raise ValueError(f"'{text}' is not a path; write it like train.lr or blocks.mine.branch[4]")
    location = tuple(parts[1:] if parts[0] == "baseline" and len(parts) > 1 else parts)
    return ALIASES.get(location, location)


def axis_path(text: str) -> str:
    """The one spelling of a path: without `baseline.`, aliases replaced; the text itself where it is no path."""
    try:
        return dotted(parse_path(text))
    except ValueError:
        return text
