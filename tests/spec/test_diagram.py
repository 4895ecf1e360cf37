"""Diagrams: well-formed, complete, within their edges, the same every time; the numbers behind them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ablate.spec import load_architecture
from ablate.spec.architecture.diagram import draw_network, find_kinds, palette
from ablate.spec.architecture.tally import written_name

SPECS = sorted((Path(__file__).parents[2] / "specs" / "architectures").glob("*.yaml"))
NESTED = """\
architecture: {family: cifar, units: [1], widths: [16], block: mine}
blocks:
  mine: {branch: [unit: {paths: {a: [conv5x5], b: [conv1x1]}, join: concat}, conv7x7], shortcut: [identity], join: add}
"""
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    def contains(self, other: Box) -> bool:
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.width <= self.x + self.width
            and other.y + other.height <= self.y + self.height
        )

    def overlaps(self, other: Box) -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def elements(
    node: ElementTree.Element, x: float = 0, y: float = 0
) -> Iterator[tuple[ElementTree.Element, float, float]]:
    """Every element with where its origin is."""
    if moved := re.fullmatch(r"translate\(([-\d.]+) ([-\d.]+)\)", node.get("transform", "")):
        x, y = x + float(moved[1]), y + float(moved[2])
    yield node, x, y
    for child in node:
        yield from elements(child, x, y)


def boxes(root: ElementTree.Element) -> list[tuple[Box, str]]:
    """Every rectangle in its place, with its fill."""
    found = []
    for node, x, y in elements(root):
        if node.tag == f"{SVG}rect":
            left, top, width, height = (float(node.get(name, 0)) for name in ("x", "y", "width", "height"))
            found.append((Box(x + left, y + top, width, height), node.get("fill", "")))
    return found


def texts(root: ElementTree.Element) -> list[tuple[Box, str]]:
    """Every line of text, as wide as a monospaced font makes it."""
    found = []
    for node, x, y in elements(root):
        if node.tag == f"{SVG}text":
            text, size = "".join(node.itertext()), float(node.get("font-size", 12))
            width = 0.6 * size * len(text)
            left = x + float(node.get("x", 0)) - (width / 2 if node.get("text-anchor") == "middle" else 0)
            found.append((Box(left, y + float(node.get("y", 0)) - size, width, size), text))
    return found


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_network_of_the_zoo_is_drawn_whole(path: Path) -> None:
    network = load_architecture(path).network
    root = ElementTree.fromstring(draw_network(network, path.stem))
    sheet = Box(0, 0, *map(float, root.get("viewBox", "").split()[2:]))
    drawn, written = boxes(root), texts(root)
    assert all(sheet.contains(box) for box, _ in drawn + written)
    operations = [box for box, fill in drawn if fill in {family.fill for family in palette.FAMILIES.values()}]
    assert not any(a.overlaps(b) for i, a in enumerate(operations) for b in operations[:i])
    assert not any(a.overlaps(b) for i, (a, _) in enumerate(written) for b, _ in written[:i])
    kinds, _ = find_kinds(network)
    heads = [network.stem, network.head, *(tap.head for tap in network.auxiliaries)]
    paths = [path for kind in kinds for path in (kind.example.before, *kind.example.paths.values(), kind.example.after)]
    names = sorted(written_name(operation) for path in heads + paths for operation in path)
    assert names == sorted(str(span.text) for span in root.iter(f"{SVG}tspan") if span.get("font-weight"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_kinds_and_stages_count_every_unit(path: Path) -> None:
    network = load_architecture(path).network
    kinds, stages = find_kinds(network)
    assert sum(kind.units for kind in kinds) == sum(1 for _ in network.units())
    assert [sum(units for _, units in stage.runs) for stage in stages] == [len(units) for units in network.stages]
    assert [kind.letter for kind in kinds] == sorted({letter for stage in stages for letter, _ in stage.runs})


def test_a_unit_inside_a_path_is_drawn_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(NESTED)
    root = ElementTree.fromstring(draw_network(load_architecture(tmp_path / "net.yaml").network, "net"))
    heights = {text: box.y for box, text in texts(root) if text in ("conv5x516", "concat", "conv7x716")}
    assert heights["conv5x516"] < heights["concat"] < heights["conv7x716"]


def test_a_preactivation_net_has_four_kinds_of_units() -> None:
    """He et al. 2016, appendix: the first and the last unit are special, and two change the shape."""
    kinds, stages = find_kinds(load_architecture(SPECS[0].with_name("preact-164.yaml")).network)
    assert [kind.units for kind in kinds] == [1, 50, 2, 1]
    assert [stage.runs for stage in stages] == [
        (("A", 1), ("B", 17)),
        (("C", 1), ("B", 17)),
        (("C", 1), ("B", 16), ("D", 1)),
    ]


def test_a_picture_is_the_same_every_time_and_named_for_all() -> None:
    network = load_architecture(SPECS[0]).network
    name = "<script>&\"'"
    svg = draw_network(network, name)
    assert svg == draw_network(network, name)
    root = ElementTree.fromstring(svg)
    assert [child.tag.removeprefix(SVG) for child in root][:2] == ["title", "desc"]
    assert root[0].text == name
    assert {child.get("id") for child in root[:2]} == set(root.get("aria-labelledby", "").split())
    assert not any(node.tag == f"{SVG}script" for node in root.iter())


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_every_text_stands_out_from_its_ground() -> None:
    """Web Content Accessibility Guidelines 2.1: 7 for small text (AAA), 4.5 at least (AA)."""
    assert min(contrast(family.text, family.fill) for family in palette.FAMILIES.values()) >= 7
    assert contrast(palette.TEXT, palette.CARD) >= 7
    assert contrast(palette.FAINT, palette.CARD) >= 4.5
