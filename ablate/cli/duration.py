"""Lengths of time on the command line: `2h`, `30m`, `1h30m`, `90s`, or a number of hours."""

from __future__ import annotations

import re

import click

SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
NUMBER = r"\d+(?:\.\d*)?|\.\d+"
PART = re.compile(rf"({NUMBER})([dhms])")


def read_duration(text: str) -> float:
    """Seconds, more than none.

    Raises:
        BadParameter: it is no length of time.
    """
    compact = "".join(text.split()).lower()
    if re.fullmatch(NUMBER, compact):
        compact += "h"
    parts = PART.findall(compact)
    seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if not seconds or "".join(number + unit for number, unit in parts) != compact:
        raise click.BadParameter(f"'{text}' is no length of time; write e.g. 2h, 30m, 1h30m, 90s, or 1.5 for hours")
    return seconds
