"""How far a training had come, read off a checkpoint without its tensors."""

from __future__ import annotations

import json


def count_steps(content: bytes | None) -> int:
    """The steps in what the checkpoint's file holds; 0 where there is none, or none that can be read."""
    lines = (content or b"").split(b"\n", 3)  # as `write_checkpoint` writes them; the position is the third
    try:
        return int(json.loads(lines[2])["step"])
    except (LookupError, TypeError, ValueError):
        return 0
