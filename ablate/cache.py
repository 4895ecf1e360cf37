"""Where things are kept that can be had again: decoded images, measured costs. Removing it loses nothing but time."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """$ABLATE_CACHE, else `ablate` in the user's cache folder."""
    if folder := os.environ.get("ABLATE_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ablate"
