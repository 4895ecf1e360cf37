"""Files that no honest person writes: a positioned fault or a specification, in time, whatever the bytes."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ablate.errors import Fault, SpecError
from ablate.spec import load

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("[as]*/*.yaml"))
NET = "architecture: {family: cifar, depth: 20}\n"
STUDY = "baseline: {architecture: {family: cifar, depth: 8}, data: {dataset: digits}}\n"
SECONDS = 10.0  # for one file, on a machine that does much else


def doubling(lines: int, line: str, first: str) -> str:
    """`first`, then lines that each name the one above, by {above}, several times."""
    return first + "".join(line.format(name=f"s{i}", above=f"s{i - 1}") for i in range(1, lines))


FAULTY = {
    "billion laughs": doubling(25, "{name}: &{name} [*{above}, *{above}, *{above}]\n", "s0: &s0 [x]\n") + NET,
    "laughing mappings": doubling(25, "{name}: &{name} {{x: *{above}, y: *{above}}}\n", "s0: &s0 {x: 1}\n") + NET,
    "laughing merges": doubling(25, "{name}: &{name} {{<<: [*{above}, *{above}]}}\n", "s0: &s0 {x: 1}\n") + NET,
    "laughing sequences": doubling(40, "  {name}: [{above}, {above}]\n", NET + "blocks:\n  s0: [relu]\n"),
    "laughing units": doubling(
        40, "  {name}: {{paths: {{a: [{above}], b: [{above}]}}, join: add}}\n", NET + "blocks:\n  s0: [relu]\n"
    ),
    "an alias inside its anchor": "architecture: &a {family: cifar, depth: 20, stem: *a}\n",
    "deep lists": "architecture: " + "[" * 5000 + "]" * 5000,
    "deep mappings": "architecture: " + "{a: " * 5000 + "1" + "}" * 5000,
    "an open end": "[" * 100_000,
    "a NUL": NET.replace("cifar", "ci\0far"),
    "an escaped NUL": NET.replace("cifar", '"ci\\0far"'),
    "every byte": bytes(range(256)),
    "UTF-16": NET.encode("utf-16"),
    "UTF-32": NET.encode("utf-32"),
    "Latin-1": f"{NET}# für\n".encode("latin-1"),
    "half a character": f"{NET}# für\n".encode()[:-3],
    "a tag": '!!python/object/apply:os.system ["echo"]',
    "many digits": NET.replace("20", "9" * 100_000),
    "a huge exponent": NET.replace("20", "1e99999"),
    "infinity": NET.replace("20", ".inf"),
    "a million letters": f"{NET}{'k' * 1_000_000}: 1\n",
    "many wrong operations": NET.replace("20", f"20, stem: [{', '.join(['rellu'] * 20_000)}]"),
    "too many units": "architecture: {family: cifar, units: [10000, 10000], widths: [16, 32]}",
    "too large a grid": STUDY + "grid:\n" + "".join(f"  train.k{i}: [1, 2, 3, 4, 5]\n" for i in range(40)),
    "too many seeds": STUDY + "seeds: 1000000000000000",
    "a file without end": f"extends: /dev/zero\n{NET}",
    "a folder": f"extends: .\n{NET}",
    "itself": f"extends: x.yaml\n{NET}",
    "quotes": "'" * 99_999,
    "colons": ":" * 99_999,
}  # fmt: skip
VALID = {
    "a byte order mark": NET.encode("utf-8-sig"),
    "Windows": NET.replace("\n", "\r\n"),
    "old Macintosh": f"{NET[:-1]}\r",
}


def faults_of(file: Path, content: str | bytes) -> list[str]:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    started = time.perf_counter()
    faults: tuple[Fault, ...] = ()
    try:
        load(file)
    except SpecError as error:
        faults = error.faults
    assert time.perf_counter() - started < SECONDS
    assert all(fault.line and fault.column for fault in faults)
    return [str(fault) for fault in faults]


@pytest.mark.parametrize("name", FAULTY)
def test_a_hostile_file_gets_its_faults_with_their_places(tmp_path: Path, name: str) -> None:
    faults = faults_of(tmp_path / "x.yaml", FAULTY[name])
    assert faults
    assert all("\n" not in fault and fault.startswith(f"{tmp_path / 'x.yaml'}:") for fault in faults)


@pytest.mark.parametrize("name", VALID)
def test_an_odd_file_is_read(tmp_path: Path, name: str) -> None:
    assert faults_of(tmp_path / "x.yaml", VALID[name]) == []


@pytest.mark.parametrize("path", SPECS[:: len(SPECS) // 8], ids=lambda path: path.stem)
def test_a_text_cut_short_anywhere_gets_an_answer(tmp_path: Path, path: Path) -> None:
    content = path.read_bytes()
    (tmp_path / "x").mkdir()
    for length in random.Random(0).sample(range(len(content)), 40):
        faults = faults_of(tmp_path / "x" / "x.yaml", content[:length])
        assert all("\n" not in fault and fault.startswith(f"{tmp_path / 'x' / 'x.yaml'}:") for fault in faults)


@pytest.mark.parametrize("name", ["billion laughs", "every byte", "deep lists", "many digits"])
def test_the_command_says_it_in_lines_and_exits_with_2(tmp_path: Path, name: str) -> None:
    content = FAULTY[name]
    (tmp_path / "x.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    command = [sys.executable, "-m", "ablate", "check", "x.yaml"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("x.yaml:")
    assert "Traceback" not in result.stderr
