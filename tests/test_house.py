"""The rules of the house: what each room may import, and what a quick command must not."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ablate"

# The stages of the way: a room may import itself and what stands before it here.
ALLOWED = {
    "errors": set(),
    "replacement": set(),
    "cache": set(),
    "hardware": set(),
    "spec": {"errors"},
    "storage": {"errors", "replacement"},
    "records": {"errors", "storage"},
    "search": {"errors", "spec", "records"},
    "model": {"errors", "replacement", "spec"},
    "train": {"errors", "replacement", "cache", "hardware", "spec", "records", "model"},
    "schedule": {
        "errors",
        "storage",
        "replacement",
        "cache",
        "hardware",
        "spec",
        "records",
        "search",
        "model",
        "train",
    },
    "report": {"errors", "spec", "records", "search"},
}
FOREIGN = {
    "errors": {"torch", "torchvision", "ray", "pandas", "scipy", "matplotlib"},
    "replacement": {"torch", "torchvision", "ray", "pandas", "scipy", "matplotlib"},
    "cache": {"torch", "torchvision", "ray", "pandas", "scipy", "matplotlib"},
    "hardware": {"torch", "torchvision", "ray", "pandas", "scipy", "matplotlib"},
    "spec": {"torch", "torchvision", "ray", "pandas", "scipy", "matplotlib"},
    "storage": {"torch", "torchvision", "ray", "pandas", "scipy", "matplotlib"},
    "records": {"torch", "torchvision", "ray", "pandas", "scipy", "matplotlib"},
    "search": {"torch", "torchvision", "ray", "pandas", "scipy", "matplotlib"},
    "model": {"torchvision", "ray", "pandas", "scipy", "matplotlib"},
    "train": {"ray", "pandas", "matplotlib"},
    "schedule": {"pandas", "matplotlib"},
    "report": {"torch", "torchvision", "ray"},
    "cli": {"torch", "torchvision", "ray", "pandas", "scipy", "matplotlib"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    part = path.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    tree = ast.parse(path.read_text())
    for node in tree.body if room(path) == "cli" else ast.walk(tree):  # a command may be heavy inside
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write ablate.…"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_to_an_earlier_stage(path: Path) -> None:
    here = room(path)
    for name in imports(path):
        top, *rest = name.split(".")
        assert top not in FOREIGN.get(here, set()), f"{path}: {here} must not know {top}"
        if top == "ablate" and rest and here in ALLOWED:
            assert rest[0] in ALLOWED[here] | {here}, f"{path}: {here} must not import {name}"


def test_every_room_is_covered() -> None:
    assert {room(path) for path in FILES} <= ALLOWED.keys() | {"cli", "api", "__init__", "__main__"}


@pytest.mark.parametrize("module", ["ablate.spec", "ablate.records", "ablate.cli", "ablate.schedule"])
def test_a_quick_command_imports_neither_torch_nor_ray(module: str) -> None:
    code = f"import {module}, sys; print({{'torch', 'ray', 'pandas', 'matplotlib'}} & sys.modules.keys())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"


def test_the_report_imports_neither_torch_nor_ray() -> None:
    code = "import ablate.report, sys; print({'torch', 'ray'} & sys.modules.keys())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"
