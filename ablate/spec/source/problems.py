"""A fault on its way to the user: where in the document it is, before the file's line is looked up."""

from __future__ import annotations

from dataclasses import dataclass

Location = tuple[str | int, ...]  # e.g. ("blocks", "mine", "branch", 4, "conv3x3", "stride")


@dataclass(frozen=True)
class Problem:
    """What is wrong at a location; `on_key` points at the key itself rather than at its value."""

    location: Location
    message: str
    on_key: bool = False


def dotted(location: Location) -> str:
    """`("blocks", "mine", "branch", 4)` -> `blocks.mine.branch[4]`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
