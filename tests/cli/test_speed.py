"""Checking is quick: seconds of processor time, which do not depend on what else the machine does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SPECS = Path(__file__).parents[2] / "specs"
CHECK = """\
import sys
from ablate.cli import main
try:
    main(["check", *sys.argv[1:]])
except SystemExit as end:
    assert not end.code
    assert not {"torch", "ray", "pandas", "scipy", "matplotlib"} & sys.modules.keys()
"""


def test_all_specifications_are_checked_in_a_second_and_a_half_without_torch() -> None:
    files = [str(path) for path in sorted(SPECS.glob("[as]*/*.yaml"))]
    assert len(files) > 50
    before = os.times()
    subprocess.run([sys.executable, "-c", CHECK, *files], check=True, capture_output=True)
    after = os.times()
    assert sum(after[2:4]) - sum(before[2:4]) < 1.5
