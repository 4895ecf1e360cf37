"""Valid specifications changed at random: an answer in time, and never anything but a specification or faults."""

from __future__ import annotations

import copy
import json
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ablate.errors import Fault, SpecError
from ablate.spec import load
from ablate.spec.source.composer import compose

SPECS = Path(__file__).parents[2] / "specs"
STUDY = """\
question: A study with everything in it
blocks:
  mine:
    branch: [conv3x3: {stride: unit}, bn, relu, conv3x3, bn, se: {reduction: 4}]
    shortcut: [identity]
    join: add
    after: [relu]
baseline:
  architecture: {family: cifar, depth: 8, block: mine, widths: [8, 16, 32]}
  data: {dataset: digits, validation: 0.1, augment: {pad: 1, flip: false}}
  train: {epochs: 30, lr: 0.1, milestones: [15, 23], warmup_steps: 10, nesterov: true}
grid:
  architecture.depth: [8, 14]
  train.lr: [0.1, 0.2]
  exclude: [{architecture.depth: 8, train.lr: 0.2}]
variants:
  no se: {remove: ["blocks.mine.branch[se]"]}
  slow: {set: {train.momentum: 0.5}, replace: {blocks.*.after: [gelu]}}
leave_one_out: {paths: [train.nesterov], pairs: true}
seeds: [1, 2]
claims:
  - {says: a, metric: val_error, where: {train.lr: 0.1}, compare: {architecture.depth: [14, 8]}, expect: higher}
  - {says: b, metric: train_loss, compare: {variant: [slow, baseline]}, expect: not-lower, margin: 0.5}
report: {reference: he2015-cifar10}
"""
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2.5, 10**17, -(10**17), 1e300, 5e-324, "", "x", "off", "none", "1e-4", "../..", "{}",
    "é" * 300, [], {}, [[]], [None], {"x": None}, {"train.lr": [1]}, [1, 2, 3], ["bn"] * 50, {"stride": -1},
    {"gate": "exclusive", "bias": -6}, {"scale": 0.5}, {"conv3x3": {"channels": 10**9}}, "conv999999999x1", "conv0x0",
    "blocks.mine.branch[0]", "*", "[*]", "mine", "identity", "projection", "bottleneck", "imagenet", 1202,
]  # fmt: skip


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in items for place in [(*at, key), *places(value, (*at, key))]]


def mutate(data: Any, chance: random.Random) -> Any:
    """A copy with one place deleted, renamed, replaced, doubled, moved, or wrapped."""
    data = copy.deepcopy(data)
    *way, last = chance.choice(places(data))
    parent = data
    for key in way:
        parent = parent[key]
    value = parent[last]
    kind = chance.randrange(6)
    if kind == 0:
        del parent[last]
    elif kind == 1 and isinstance(parent, dict):
        parent[str(last)[: chance.randrange(1, 6)] + chance.choice(["", "x", ".", "[0]", "[x]"])] = parent.pop(last)
    elif kind == 2 and isinstance(value, list):
        parent[last] = chance.sample(value, len(value)) * chance.randrange(3)
    elif kind == 3:
        parent[last] = {chance.choice(["x", "lr", "train.lr", "conv3x3"]): value}
    elif kind == 4:
        *_, other = chance.choice(places(data))
        parent[last] = [value, other]
    else:
        parent[last] = copy.deepcopy(chance.choice(VALUES))
    return data


def mutate_text(text: str, chance: random.Random) -> bytes:
    """A copy with a few bytes removed, doubled, or replaced by signs of YAML and things that are no text."""
    content = bytearray(text.encode())
    for _ in range(chance.randrange(1, 4)):
        at, length = chance.randrange(len(content)), chance.randrange(1, 12)
        signs = [
            b"",
            b"\0",
            b"\xff",
            b"\t",
            b"&a ",
            b"*a",
            b"<<: ",
            b"[",
            b"}",
            b": ",
            b"\n",
            b"- ",
            b"!x ",
            b"'",
            b'"',
        ]
        content[at : at + chance.choice([0, 1, length])] = chance.choice([*signs, bytes(content[at : at + length])])
    return bytes(content)


def assert_an_answer(file: Path, content: bytes) -> bool:
    file.write_bytes(content)
    started = time.perf_counter()
    faults = faults_of(file)
    assert time.perf_counter() - started < 10
    lines = "\n".join(map(str, faults)).splitlines()
    assert len(lines) == len(faults)
    assert all(line.isprintable() and line.startswith(str(file.parent)) for line in lines), lines
    return not faults


def faults_of(file: Path) -> tuple[Fault, ...]:
    try:
        load(file)
    except SpecError as error:
        return error.faults
    return ()


def specifications() -> dict[str, str]:
    found = {str(path.relative_to(SPECS)): path.read_text() for path in sorted(SPECS.glob("[as]*/*.yaml"))}
    assert found
    return {"with everything": STUDY, **found}


Mutation = Callable[[str, random.Random], bytes]


def of_data(text: str, chance: random.Random) -> bytes:
    data = compose(text, "x.yaml")[0].data
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        data = mutate(data, chance) if places(data) else data
    return json.dumps(data, ensure_ascii=False).encode()


@pytest.mark.parametrize("mutation", [of_data, mutate_text])
def test_a_study_with_everything(mutation: Mutation, tmp_path: Path) -> None:
    assert assert_an_answer(tmp_path / "x.yaml", STUDY.encode())
    for seed in range(100):
        assert_an_answer(tmp_path / "x.yaml", mutation(STUDY, random.Random(seed)))


@pytest.mark.slow
@pytest.mark.parametrize("mutation", [of_data, mutate_text])
def test_every_specification(mutation: Mutation, tmp_path: Path) -> None:
    shutil.copytree(SPECS, tmp_path / "specs")
    file = tmp_path / "specs" / "architectures" / "x.yaml"  # where what it extends is found
    texts = list(specifications().values())
    for seed in range(2_000):
        chance = random.Random(f"slow {seed}")
        assert_an_answer(file, mutation(chance.choice(texts), chance))
