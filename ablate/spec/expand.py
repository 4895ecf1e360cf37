"""The short form: family, depth, block, shortcut, resize, activation -> the blueprint of every unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from ablate.spec.blocks import BUILT_IN, Block, Blocks
from ablate.spec.blueprint import MAX_UNITS, Blueprint, Run
from ablate.spec.family import FAMILIES, units_of_depth
from ablate.spec.operations.arguments import MAX_CHANNELS, Positive
from ablate.spec.operations.written import WrittenPath, read_path
from ablate.spec.problems import Location, Problem
from ablate.spec.residual import EXPANSION, LAYERS, Activation, Residual, with_shortcut, written
from ablate.spec.shortcut import Shortcut, read_shortcut
from ablate.spec.signature import Says, arguments_of, read_mapping
from ablate.spec.suggestion import shown, suggest


def _numbers(limit: int) -> PlainValidator:
    def read(value: Any) -> tuple[int, ...]:
        fits = isinstance(value, list | tuple) and 1 <= len(value) <= 32
        if fits and all(type(v) is int and 1 <= v <= limit for v in value):
            return tuple(value)
        raise ValueError("not a list of whole numbers")

    return PlainValidator(read)


Depth = Annotated[int, Field(ge=1, le=10_000), Says("a whole number from 1 to 10,000")]
Units = Annotated[tuple[int, ...], _numbers(MAX_UNITS), Says("a list of whole numbers such as [3, 4, 6, 3]")]
Widths = Annotated[tuple[int, ...], _numbers(MAX_CHANNELS), Says("a list of channels such as [16, 32, 64]")]
Factor = Annotated[float, Field(gt=0, le=1024), Says("a number above 0")]


def short_keys(
    *,
    family: Annotated[Literal["cifar", "imagenet"], "stem, stages and head of He et al. 2015, sec. 4.2 or Table 1"],
    depth: Annotated[Depth | None, Says("a whole number from 1 to 10,000"), "weighted layers"] = None,
    units: Annotated[Units | None, Says("a list of whole numbers such as [3, 4, 6, 3]"), "units per stage"] = None,
    block: Annotated[
        str, Says("the name of a block"), "basic, bottleneck, single, or a name under `blocks:`"
    ] = "basic",
    shortcut: Annotated[Any, "what stands on the shortcut (He et al. 2016, Table 1)"] = "identity",
    resize: Annotated[
        Literal["pad", "projection"] | None, "where the shape changes: option A or B; default: pad in cifar"
    ] = None,
    activation: Annotated[Activation, "order of operations in a unit (He et al. 2016, Fig. 4)"] = "original",
    widths: Annotated[Widths | None, Says("a list of channels such as [16, 32, 64]"), "channels per stage"] = None,
    width: Annotated[Factor, "factor on the widths of the stages; the stem keeps its own"] = 1.0,
    stride: Annotated[
        Literal["first", "3x3"], "bottleneck: which convolution strides; first as the papers, 3x3 as torchvision"
    ] = "first",
    cardinality: Annotated[Positive, "bottleneck: groups of the 3x3 convolution (ResNeXt)"] = 1,
    bottleneck_width: Annotated[Positive, "bottleneck: 3x3 channels per group, for a stage of 64 (torchvision)"] = 64,
    stem: Annotated[Any, "operations ahead of the first unit; default: the family's"] = None,
    head: Annotated[Any, "operations from the last unit to the logits; default: the family's"] = None,
    input: Annotated[Any, "[channels, height, width] of an image; default: as the data set"] = None,
    classes: Annotated[Positive | None, "default: as the data set"] = None,
) -> None:
    """The keys of a short form."""


def read_short(document: Mapping[str, Any], blocks: Blocks, problems: list[Problem]) -> Blueprint | None:
    """The blueprint of a short form; None, with its faults in `problems`, where it is wrong."""
    known = len(problems)
    keys = read_mapping(document, arguments_of(short_keys), ("architecture",), problems, "a short form")
    if keys is None:
        if "shortcut" in document:
            read_shortcut(document["shortcut"], ("architecture", "shortcut"), problems)
        return None
    short = Short(document, blocks, problems, keys)
    blueprint = short.blueprint()
    return blueprint if len(problems) == known else None


@dataclass(frozen=True)
class Short:
    """A short form whose keys have been read one by one; what they mean together is checked here."""

    document: Mapping[str, Any]
    blocks: Blocks
    problems: list[Problem]
    keys: Mapping[str, Any]

    def at(self, key: str) -> Location:
        """The key's place, or the architecture's where it was left to its default."""
        return ("architecture", key) if key in self.document else ("architecture",)

    def report(self, key: str, message: str, on_key: bool = False) -> None:
        self.problems.append(Problem(self.at(key), message, on_key))

    def blueprint(self) -> Blueprint | None:
        """The blueprint, or None after a fault."""
        family = FAMILIES[self.keys["family"]]
        resize = self.keys["resize"] or family.resize
        shortcut = read_shortcut(self.keys["shortcut"], self.at("shortcut"), self.problems)
        block = self.block()
        units, widths = self.units(block), self.widths()
        stem, head = self.path("stem", self.stem()), self.path("head", list(family.head))
        if shortcut is None or block is None or not units or not widths:
            return None
        if isinstance(block, Block):
            own = block if len(block.paths) > 1 else with_shortcut(block, shortcut, self.at("shortcut"))
            stages = [
                (Run(own, n, width, 1 + (s > 0)),) for s, (n, width) in enumerate(zip(units, widths, strict=True))
            ]
        else:
            residual = self.residual(block, shortcut, resize)
            stages = list(_stages(residual, units, widths, stem_channels(stem, widths)))
        return Blueprint(stem, tuple(stages), head, resize=resize)

    def block(self) -> str | Block | None:
        """The name of a built-in block, or the user's own, checked against the keys beside it."""
        name = self.keys["block"]
        if name not in BUILT_IN and name not in self.blocks.units:
            self.report("block", f"unknown block {shown(name)}; {suggest(name, (*BUILT_IN, *self.blocks.units))}")
            return None
        if name != "bottleneck":
            for key in ("stride", "cardinality", "bottleneck_width"):
                if key in self.document:
                    self.report(
                        key, f"only bottleneck units have it, and `block` is {name!r}; leave it out", on_key=True
                    )
        if name in BUILT_IN:
            return str(name)
        block = self.blocks.units[name]
        silent = ["activation"] + (["shortcut"] if block and len(block.paths) > 1 else [])
        for key in silent:
            if key in self.document:
                self.report(
                    key, f"the block {name!r} has its own {key}; leave this out, or change the block", on_key=True
                )
        return block

    def units(self, block: str | Block | None) -> tuple[int, ...] | None:
        """Units per stage, as given or from the depth."""
        depth, units = self.keys["depth"], self.keys["units"]
        if (depth is None) == (units is None):
            wrong = "give either" if depth is None else "both are given; keep either"
            self.report("depth", f"{wrong} `depth` (weighted layers) or `units` (per stage)", on_key=True)
            return None
        num_stages = len(self.keys["widths"] or FAMILIES[self.keys["family"]].widths)
        if units is not None:
            if len(units) != num_stages:
                self.report("units", f"{len(units)} stages, but {num_stages} widths; give `widths` too")
                return None
            return tuple(units)
        if block is None:
            return None
        layers = block.num_layers if isinstance(block, Block) else LAYERS[block]
        try:
            return units_of_depth(self.keys["family"], self.keys["block"], layers, depth, num_stages)
        except ValueError as error:
            self.report("depth", str(error))
            return None

    def widths(self) -> tuple[int, ...] | None:
        """Channels per stage, the factor applied."""
        factor = Fraction(str(self.keys["width"]))
        exact = [factor * width for width in self.keys["widths"] or FAMILIES[self.keys["family"]].widths]
        if all(width.denominator == 1 and width <= MAX_CHANNELS for width in exact):
            return tuple(map(int, exact))
        self.report("width", f"gives {', '.join(f'{float(w):g}' for w in exact)} channels, not whole numbers to 65,536")
        return None

    def stem(self) -> list[Any]:
        """The family's stem, with as much activation as the order of operations leaves to it."""
        family, activation = FAMILIES[self.keys["family"]], self.keys["activation"]
        channels = (self.keys["widths"] or family.widths)[0]
        left = {"full-preactivation": 0, "relu-only-preactivation": 1}.get(activation, 2)
        follows = ["bn", "relu"] if family.pool else ["bn", "relu"][:left]
        return [{"conv": family.first | {"channels": channels}}, *follows, *family.pool]

    def path(self, key: str, default: list[Any]) -> Any:
        """Stem or head: the user's, or the family's."""
        if self.keys[key] is None:
            return written(default, ("architecture",))
        return read_path(self.keys[key], self.at(key), self.problems, self.blocks.sequences)

    def residual(self, name: str, shortcut: Shortcut, resize: Literal["pad", "projection"]) -> Residual:
        """The built-in block with the short form's choices."""
        factor = self.keys["bottleneck_width"] * self.keys["cardinality"] / 64
        return Residual(
            name,
            self.keys["activation"],
            shortcut,
            resize,
            self.keys["stride"],
            self.keys["cardinality"],
            f"{factor:.6f}x",
            bool(FAMILIES[self.keys["family"]].pool),
            self.at("block"),
        )


def stem_channels(stem: WrittenPath, widths: tuple[int, ...]) -> int:
    """Channels that leave the stem: those of its last convolution."""
    given = [item.arguments["channels"] for item in stem if item.kind == "conv"]
    return given[-1] if given and isinstance(given[-1], int) else widths[0]


def _stages(
    residual: Residual, units: tuple[int, ...], widths: tuple[int, ...], channels: int
) -> Iterator[tuple[Run, ...]]:
    """Runs of equal units, stage by stage; the first of a stage and of the network, and the last, are special."""
    for s, (count, width) in enumerate(zip(units, widths, strict=True)):
        output = width * EXPANSION[residual.name]
        places = [
            {
                "changes": u == 0 and (s > 0 or channels != output),
                "first": (s, u) == (0, 0),
                "last": (s, u) == (len(units) - 1, count - 1),
            }
            for u in range(count)
        ]
        runs = [(place, len(list(group))) for place, group in groupby(places)]
        yield tuple(
            Run(residual.block(**place), length, width, 1 + (s > 0 and index == 0))
            for index, (place, length) in enumerate(runs)
        )
        channels = output
