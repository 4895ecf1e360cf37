"""The short form: family, depth, block, shortcut, resize, activation -> the blueprint of every unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any

from ablate.spec.architecture.blocks import BUILT_IN, Block, Blocks
from ablate.spec.architecture.blueprint import Blueprint, Run
from ablate.spec.architecture.family import FAMILIES, Family, units_of_depth
from ablate.spec.architecture.operations.arguments import Relative
from ablate.spec.architecture.operations.effect import MAX_CHANNELS
from ablate.spec.architecture.operations.written import WrittenPath, read_path
from ablate.spec.architecture.residual import EXPANSION, LAYERS, Residual, with_shortcut, written
from ablate.spec.architecture.short import short_keys
from ablate.spec.architecture.shortcut import Shortcut, read_shortcut
from ablate.spec.architecture.signature import arguments_of, read_keys
from ablate.spec.source.problems import Problem
from ablate.spec.source.wording import did_you_mean, enumerate_words, quote

BOTTLENECK_ONLY = ("stride", "cardinality", "bottleneck_width")
ACTIVATIONS = ("relu", "relu6", "leaky", "prelu", "gelu", "silu")


def read_short(document: Mapping[str, Any], blocks: Blocks, problems: list[Problem]) -> Blueprint | None:
    """The blueprint of a short form; None, with its faults in `problems`, where it is wrong."""
    known = len(problems)
    keys = read_keys(document, arguments_of(short_keys), ("architecture",), problems)
    blueprint = _Expansion(document, blocks, problems, keys).blueprint()
    return blueprint if len(problems) == known else None


@dataclass(frozen=True)
class _Expansion:
    """A short form whose keys are right or absent one by one; what they mean together is checked here."""

    document: Mapping[str, Any]
    blocks: Blocks
    problems: list[Problem]
    keys: Mapping[str, Any]

    def report(self, key: str, message: str, on_key: bool = False) -> None:
        """Add a fault at a key."""
        self.problems.append(Problem(("architecture", key), message, on_key))

    def blueprint(self) -> Blueprint | None:
        """The blueprint, or None after a fault."""
        shortcut = read_shortcut(self.keys["shortcut"], ("architecture", "shortcut"), self.problems)
        block = self.block() if "block" in self.keys else None
        family = FAMILIES.get(self.keys.get("family", ""))
        units = self.units(family, block) if family else None
        widths = self.widths(family) if family and {"widths", "width"} <= self.keys.keys() else None
        stem, head = (self.path(key, family) for key in ("stem", "head"))
        if self.problems or not (family and shortcut and block and units and widths):
            return None
        resize = self.keys["resize"] or family.resize
        if isinstance(block, Block):
            whole = block if len(block.paths) > 1 else with_shortcut(block, shortcut, ("architecture", "shortcut"))
            runs = zip(units, widths, strict=True)
            stages: list[tuple[Run, ...]] = [
                (Run(whole, count, width, 1 + (s > 0)),) for s, (count, width) in enumerate(runs)
            ]
        else:
            residual = self.residual(block, shortcut, resize, stem)
            stages = list(_stages(residual, units, widths, _channels(stem, widths[0])))
        return Blueprint(stem, tuple(stages), head, resize=resize)

    def block(self) -> str | Block | None:
        """The name of a built-in block, or the user's own, checked against the keys beside it."""
        name = self.keys["block"]
        known = (*BUILT_IN, *self.blocks.units)
        if name not in known:
            remedy = did_you_mean(name, known) or f"; the blocks are {enumerate_words(known)}"
            self.report("block", f"unknown block {quote(name)}{remedy}")
            return None
        block = None if name in BUILT_IN else self.blocks.units[name]
        if name != "bottleneck":
            self.refuse(BOTTLENECK_ONLY, f"only bottleneck units have it, and the block is {name!r}; leave it out")
        if name in BUILT_IN:
            return str(name)
        own = ("activation", "shortcut") if block and len(block.paths) > 1 else ("activation",)
        self.refuse(own, f"the block {name!r} has its own; leave it out here, or change the block")
        return block

    def refuse(self, keys: tuple[str, ...], message: str) -> None:
        """A fault for each of these keys that is written: it would change nothing."""
        for key in keys:
            if key in self.document:
                self.report(key, message, on_key=True)

    def units(self, family: Family, block: str | Block | None) -> tuple[int, ...] | None:
        """Units per stage, as given or from the depth."""
        if not {"depth", "units", "widths"} <= self.keys.keys():
            return None
        depth, units = self.keys["depth"], self.keys["units"]
        num_stages = len(self.keys["widths"] or family.widths)
        if depth is not None and units is not None:
            self.report("depth", "either `depth` (weighted layers) or `units` (per stage), not both", on_key=True)
        elif units is not None and len(units) != num_stages:
            self.report("units", f"{len(units)} stages, but there are {num_stages} widths; give as many `widths`")
        elif units is not None:
            return tuple(units)
        elif depth is None:
            if self.keys.keys() >= self.document.keys():  # else a misspelt key is likely meant
                self.report("depth", "missing; write the weighted layers, or `units` per stage")
        elif block is not None:
            return self.units_of_depth(family, block, depth, num_stages)
        return None

    def units_of_depth(self, family: Family, block: str | Block, depth: int, num_stages: int) -> tuple[int, ...] | None:
        """Units per stage of a depth that the block's arithmetic allows."""
        layers = block.num_layers if isinstance(block, Block) else LAYERS[block]
        try:
            return units_of_depth(family.name, self.keys["block"], layers, depth, num_stages)
        except ValueError as error:
            self.report("depth", str(error))
            return None

    def widths(self, family: Family) -> tuple[int, ...] | None:
        """Channels per stage, the factor applied."""
        factor = Fraction(str(self.keys["width"]))
        exact = [factor * width for width in self.keys["widths"] or family.widths]
        if all(width.denominator == 1 and 1 <= width <= MAX_CHANNELS for width in exact):
            return tuple(map(int, exact))
        listed = ", ".join(f"{float(width):g}" for width in exact)
        self.report(
            "width", f"gives stages of {listed} channels; they must be whole numbers from 1 to {MAX_CHANNELS:,}"
        )
        return None

    def path(self, key: str, family: Family | None) -> WrittenPath:
        """Stem or head: the user's, or the family's."""
        if self.keys[key] is not None:
            return read_path(self.keys[key], ("architecture", key), self.problems, self.blocks.sequences)
        if family is None or self.problems:
            return ()
        stem = family.stem((self.keys["widths"] or family.widths)[0], self.keys["activation"])
        return written(list(family.head) if key == "head" else stem, ("architecture", key))

    def residual(self, name: str, shortcut: Shortcut, resize: Any, stem: WrittenPath) -> Residual:
        """The built-in block with the short form's choices."""
        inner = Fraction(self.keys["bottleneck_width"] * self.keys["cardinality"], 64)
        return Residual(
            name,
            self.keys["activation"],
            shortcut,
            resize,
            self.keys["stride"],
            self.keys["cardinality"],
            Relative(f"{float(inner):g}x", "channels", inner),
            stem_activates=_activates(stem),
        )


def _activates(stem: WrittenPath) -> bool:
    """Whether an activation follows the stem's last convolution."""
    kinds = [item.kind for item in stem if item.kind == "conv" or item.kind in ACTIVATIONS]
    return bool(kinds) and kinds[-1] in ACTIVATIONS


def _channels(stem: WrittenPath, default: int) -> int:
    """Channels that leave the stem: those of its last convolution."""
    given = [item.arguments["channels"] for item in stem if item.kind == "conv"]
    return given[-1] if given and isinstance(given[-1], int) else default


def _stages(
    residual: Residual, units: tuple[int, ...], widths: tuple[int, ...], channels: int
) -> Iterator[tuple[Run, ...]]:
    """Runs of equal units, stage by stage; the first of a stage, and first and last of the network, are special."""
    for s, (count, width) in enumerate(zip(units, widths, strict=True)):
        output = width * EXPANSION[residual.name]
        places = (
            {
                "changes": u == 0 and (s > 0 or channels != output),
                "first": (s, u) == (0, 0),
                "last": (s, u) == (len(units) - 1, count - 1),
            }
            for u in range(count)
        )
        runs = [(place, len(list(group))) for place, group in groupby(places)]
        yield tuple(
            Run(residual.block(**place), length, width, 1 + (s > 0 and index == 0))
            for index, (place, length) in enumerate(runs)
        )
        channels = output
