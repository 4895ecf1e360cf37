"""The explicit form as a document: stem, stages of units, head. Reading it, and writing a network back to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Annotated, Any, Literal

from pydantic import Field

from ablate.spec.blocks import Block, Blocks, block_keys, read_block
from ablate.spec.blueprint import MAX_UNITS, Blueprint, Run, Tap
from ablate.spec.network import Network, Operation, Path, Unit
from ablate.spec.operations import KINDS
from ablate.spec.operations.arguments import Positive, Real
from ablate.spec.operations.written import read_path
from ablate.spec.problems import Location, Problem
from ablate.spec.signature import Says, arguments_of, read_mapping
from ablate.spec.suggestion import shown, suggest

Count = Annotated[int, Field(ge=1, le=MAX_UNITS), Says(f"a whole number from 1 to {MAX_UNITS:,}")]
Index = Annotated[int, Field(ge=0, le=MAX_UNITS), Says("a whole number, counted from 0")]


def architecture_keys(
    *,
    stages: Annotated[Any, "list of stages; a stage is a run of units, or a list of runs"],
    head: Annotated[Any, "operations from the last unit to the logits"],
    stem: Annotated[Any, "operations ahead of the first unit"] = (),
    auxiliaries: Annotated[Any, "classifiers on the way, for training only"] = (),
    resize: Annotated[Literal["pad", "projection"], "how `identity` changes a shape"] = "pad",
    input: Annotated[Any, "[channels, height, width] of an image; default: as the data set"] = None,
    classes: Annotated[Positive | None, "default: as the data set"] = None,
) -> None:
    """The keys of an explicit architecture."""


def run_keys(
    *,
    units: Annotated[Count, "how many in a row"] = 1,
    channels: Annotated[Positive | None, "what 1x means in this run; default: the channels that enter it"] = None,
    stride: Annotated[
        int, Field(ge=1, le=64), Says("a whole number from 1 to 64"), "of the first unit; the others have 1"
    ] = 1,
    block: Annotated[Any, "a name under `blocks:`, or a block written here"] = None,
    first: Annotated[Any, "another block for the first unit"] = None,
) -> None:
    """The keys of a run of units, beside those of a block."""


def tap_keys(
    *,
    after: Annotated[Any, "{stage: 2, unit: 0}, both counted from 0"],
    head: Annotated[Any, "operations from that unit to the logits"],
    weight: Annotated[Real, "factor on this classifier's loss"] = 0.3,
) -> None:
    """The keys of an auxiliary classifier."""


def after_keys(*, stage: Annotated[Index, "stage"], unit: Annotated[Index, "unit in the stage"]) -> None:
    """Where an auxiliary classifier stands."""


def read_explicit(document: Mapping[str, Any], blocks: Blocks, problems: list[Problem]) -> Blueprint | None:
    """The blueprint of an explicit architecture; None, with its faults in `problems`, where it is wrong."""
    known = len(problems)
    root: Location = ("architecture",)
    keys = read_mapping(document, arguments_of(architecture_keys), root, problems, "an explicit architecture")
    if keys is None:
        keys = {name: document.get(name, ()) for name in arguments_of(architecture_keys)}
    stages = _read_stages(keys["stages"], blocks, (*root, "stages"), problems)
    stem = read_path(keys["stem"], (*root, "stem"), problems, blocks.sequences)
    head = read_path(keys["head"], (*root, "head"), problems, blocks.sequences)
    taps = _read_taps(keys["auxiliaries"], stages, blocks, problems)
    return Blueprint(stem, stages, head, taps, keys["resize"]) if len(problems) == known else None


def _read_stages(
    written: Any, blocks: Blocks, location: Location, problems: list[Problem]
) -> tuple[tuple[Run, ...], ...]:
    if not isinstance(written, list | tuple) or len(written) > MAX_UNITS:
        problems.append(Problem(location, f"stages are a list of at most {MAX_UNITS:,}, got {shown(written)}"))
        return ()
    return tuple(_read_stage(stage, blocks, (*location, i), problems) for i, stage in enumerate(written))


def _read_stage(written: Any, blocks: Blocks, location: Location, problems: list[Problem]) -> tuple[Run, ...]:
    if isinstance(written, Mapping):
        return _read_run(written, blocks, location, problems)
    if not isinstance(written, list | tuple) or not 1 <= len(written) <= MAX_UNITS:
        problems.append(Problem(location, f"a stage is a mapping or a list of them, got {shown(written)}"))
        return ()
    return tuple(run for i, item in enumerate(written) for run in _read_run(item, blocks, (*location, i), problems))


def _read_run(written: Any, blocks: Blocks, location: Location, problems: list[Problem]) -> tuple[Run, ...]:
    """One run, or two where the first unit has a block of its own."""
    arguments = arguments_of(run_keys)
    everything = arguments | arguments_of(block_keys)
    keys = read_mapping(written, everything, location, problems, "a run of units")
    if keys is None:
        return ()
    inline = {name: value for name, value in written.items() if name not in arguments}
    if inline and "block" in written:
        problems.append(Problem(location, f"either `block` or a block written here ({', '.join(inline)}), not both"))
        return ()
    if "block" in written:
        block = _find(written["block"], blocks, (*location, "block"), problems)
    else:
        block = read_block(inline, location, problems, blocks.sequences)
    if "first" not in written:
        return (Run(block, keys["units"], keys["channels"], keys["stride"]),) if block else ()
    first = _find(written["first"], blocks, (*location, "first"), problems)
    if not first or not block:
        return ()
    rest = (Run(block, keys["units"] - 1, keys["channels"]),) if keys["units"] > 1 else ()
    return (Run(first, 1, keys["channels"], keys["stride"]), *rest)


def _find(written: Any, blocks: Blocks, location: Location, problems: list[Problem]) -> Block | None:
    """A block by its name, or written in place."""
    if isinstance(written, Mapping):
        return read_block(written, location, problems, blocks.sequences)
    if not isinstance(written, str) or written not in blocks.units:
        problems.append(Problem(location, f"unknown block {shown(written)}; {suggest(written, blocks.units)}"))
        return None
    return blocks.units[written]


def _read_taps(
    written: Any, stages: tuple[tuple[Run, ...], ...], blocks: Blocks, problems: list[Problem]
) -> tuple[Tap, ...]:
    location: Location = ("architecture", "auxiliaries")
    if not isinstance(written, list | tuple) or len(written) > 100:
        problems.append(Problem(location, f"auxiliaries are a list of classifiers, got {shown(written)}"))
        return ()
    taps = [_read_tap(item, stages, blocks, (*location, i), problems) for i, item in enumerate(written)]
    return tuple(tap for tap in taps if tap)


def _read_tap(
    written: Any, stages: tuple[tuple[Run, ...], ...], blocks: Blocks, location: Location, problems: list[Problem]
) -> Tap | None:
    keys = read_mapping(written, arguments_of(tap_keys), location, problems, "an auxiliary classifier")
    if keys is None:
        return None
    head = read_path(keys["head"], (*location, "head"), problems, blocks.sequences)
    at = read_mapping(keys["after"], arguments_of(after_keys), (*location, "after"), problems, "`after`")
    if at is None:
        return None
    units = [sum(run.units for run in stage) for stage in stages]
    if at["stage"] >= len(units) or at["unit"] >= units[at["stage"]]:
        problems.append(Problem((*location, "after"), f"there is no such unit; the stages have {shown(units)} units"))
        return None
    return Tap(at["stage"], at["unit"], head, keys["weight"], location)


def to_document(network: Network) -> dict[str, Any]:
    """The network as an explicit architecture in plain lists and dicts; reading it gives an equal network."""
    document: dict[str, Any] = {
        "input": list(network.input),
        "classes": network.classes,
        "stem": _path(network.stem),
        "stages": [_stage(stage) for stage in network.stages],
        "head": _path(network.head),
    }
    if network.auxiliaries:
        document["auxiliaries"] = [
            {"after": {"stage": tap.stage, "unit": tap.unit}, "head": _path(tap.head), "weight": tap.weight}
            for tap in network.auxiliaries
        ]
    return document


def _stage(units: Iterable[Unit]) -> list[dict[str, Any]]:
    """Runs of equal units."""
    runs = ((unit, len(list(group))) for unit, group in groupby(units))
    return [({"units": length} if length > 1 else {}) | _unit(unit) for unit, length in runs]


def _unit(unit: Unit) -> dict[str, Any]:
    paths = {name: _path(path) for name, path in unit.paths.items()}
    document: dict[str, Any] = {"before": _path(unit.before)} if unit.before else {}
    document |= paths if paths.keys() <= {"branch", "shortcut", "gate"} else {"paths": paths}
    if unit.join != "none":
        document["join"] = {"gate": "shortcut-only"} if unit.join == "gate-shortcut" else unit.join
    if unit.after:
        document["after"] = _path(unit.after)
    return document


def _path(path: Path) -> list[Any]:
    return [_operation(operation) for operation in path]


def _operation(operation: Operation) -> Any:
    """`relu`, or its name with every argument that is not the default."""
    kind = KINDS[operation.kind]
    arguments = dict(operation.arguments)
    name = operation.kind
    if kind.windowed:
        name = f"{name}{arguments['kernel']}x{arguments['kernel']}"
        same = arguments.get("dilation", 1) * (arguments["kernel"] - 1) // 2  # type: ignore[operator]
        if arguments["padding"] == same:
            del arguments["padding"]
        del arguments["kernel"]
    kept = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in arguments.items()
        if value != kind.resolved[key].default
    }
    return {name: kept} if kept else name
