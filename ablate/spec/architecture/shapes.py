"""Blueprint -> explicit form: blocks take their places, relative sizes become numbers, every shape is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ablate.spec.architecture.blocks import Block
from ablate.spec.architecture.blueprint import Blueprint, Run
from ablate.spec.architecture.network import Auxiliary, Network, Operation, Path, Shape, Unit
from ablate.spec.architecture.operations.arguments import Scope
from ablate.spec.architecture.operations.effect import MAX_CHANNELS, text
from ablate.spec.architecture.operations.written import WrittenPath, resolve
from ablate.spec.architecture.tally import effect_of
from ablate.spec.source.problems import Location, Problem, dotted


def place(blueprint: Blueprint, input: Shape, classes: int, problems: list[Problem]) -> Network | None:
    """The explicit form for images of shape `input` (C, H, W); None, with its faults in `problems`, if it is wrong."""
    known = len(problems)
    placing = _Placing(blueprint, Scope(classes, resize=blueprint.resize), problems)
    network = placing.network(input)
    return network if len(problems) == known else None


@dataclass
class _Placing:
    """One walk from the image to the logits."""

    blueprint: Blueprint
    scope: Scope
    problems: list[Problem]
    cache: dict[object, tuple[Unit, Shape | None]] = field(default_factory=dict)
    faulty: set[Location] = field(default_factory=set)

    def report(self, location: Location, message: str) -> None:
        """Add a fault, once for every place in the document, however many units repeat it."""
        if location not in self.faulty:
            self.faulty.add(location)
            self.problems.append(Problem(location, message))

    def network(self, input: Shape) -> Network | None:
        stem, shape = self.path(self.blueprint.stem, input, self.scope, "stem")
        stages, outputs = self.stages(shape)
        shape = outputs[-1][-1] if outputs and outputs[-1] else shape
        if shape is None:
            return None
        head = self.classifier(self.blueprint.head, shape, "head")
        auxiliaries = [
            Auxiliary(tap.stage, tap.unit, self.classifier(tap.head, output, f"auxiliaries[{i}]"), tap.weight)
            for i, tap in enumerate(self.blueprint.taps)
            if (output := outputs[tap.stage][tap.unit])
        ]
        return Network(input, self.scope.classes, stem, stages, head, tuple(auxiliaries))

    def stages(self, shape: Shape | None) -> tuple[tuple[tuple[Unit, ...], ...], list[list[Shape | None]]]:
        """The units of every stage, and the shape behind each."""
        stages, outputs = [], []
        of = sum(run.units for run in self.blueprint.runs if run.block.counts_units)
        counted = 0
        for s, runs in enumerate(self.blueprint.stages):
            units: list[Unit] = []
            shapes: list[Shape | None] = []
            for run in runs:
                channels = run.channels or (shape[0] if shape else None)
                for index in range(run.units):
                    counted += run.block.counts_units
                    if shape is not None:
                        scope = self.unit_scope(run, index, channels, shape, (counted, of))
                        unit, shape = self.placed(run.block, shape, scope, f"stages[{s}].units[{len(units)}]")
                        units.append(unit)
                    shapes.append(shape)
            stages.append(tuple(units))
            outputs.append(shapes)
        return tuple(stages), outputs

    def unit_scope(self, run: Run, index: int, channels: int | None, shape: Shape, place: tuple[int, int]) -> Scope:
        number = place if run.block.counts_units else (1, 1)
        stride = run.stride if index == 0 else 1
        return replace(self.scope, inputs=shape[0], channels=channels, stride=stride, place=number)

    def placed(self, block: Block, shape: Shape, scope: Scope, where: str) -> tuple[Unit, Shape | None]:
        """The unit, from the cache where an equal one stood before."""
        key = (id(block), shape, scope)
        if key not in self.cache:
            self.cache[key] = self.unit(block, shape, scope, where)
        unit, output = self.cache[key]
        return replace(unit, name=where), output

    def unit(self, block: Block, shape: Shape, scope: Scope, where: str) -> tuple[Unit, Shape | None]:
        """The unit on inputs of a shape; paths that adapt to the others' output come after them."""
        before, split = self.path(block.before, shape, scope, f"{where}.before")
        if split is None:
            return Unit({}), None
        late = {name for name, path in block.paths.items() if any(item.awaits_output for item in path)}
        ends: dict[str, tuple[Path, Shape | None]] = {}
        for name in sorted(block.paths, key=lambda name: name in late):
            output = next((end for _, end in ends.values() if end), None)
            if output and block.join == "concat":
                output = (split[0], *output[1:])
            ends[name] = self.path(block.paths[name], split, replace(scope, output=output), f"{where}.{name}")
        output = self.joined(block, {name: ends[name][1] for name in block.paths}, where)
        after, output = self.path(block.after, output, scope, f"{where}.after")
        return Unit({name: ends[name][0] for name in block.paths}, block.join, before, after, where), output

    def joined(self, block: Block, ends: Mapping[str, Shape | None], where: str) -> Shape | None:
        """The shape behind the join; the first path's where the paths do not match."""
        shapes = [shape for shape in ends.values() if shape is not None]
        if not shapes:
            return None
        concat = block.join == "concat"
        if len({shape[1:] if concat else shape for shape in shapes}) > 1:
            listed = ", ".join(f"{name} gives {text(shape)}" for name, shape in ends.items() if shape)
            remedy = "; [identity] on the shortcut adapts to the branch" if block.paths.get("shortcut") == () else ""
            self.report(block.location, f"{where}: the paths do not match at the join {block.join}: {listed}{remedy}")
        elif concat:
            channels = sum(shape[0] for shape in shapes)
            if channels <= MAX_CHANNELS:
                return (channels, *shapes[0][1:])
            self.report(block.location, f"{where}: the paths give {channels:,} channels, at most {MAX_CHANNELS:,}")
            return None
        return shapes[0]

    def path(self, written: WrittenPath, shape: Shape | None, scope: Scope, where: str) -> tuple[Path, Shape | None]:
        """The operations in their place and the shape they give; no shape from the first fault on."""
        path: list[Operation] = []
        for item in written:
            if shape is None:
                break
            if item.block:
                inner = replace(scope, inputs=shape[0], output=None)
                unit, shape = self.unit(item.block, shape, inner, f"{where}[{len(path)}]")
                path.append(Operation("unit", origin=dotted(item.location), unit=unit))
                continue
            try:
                for operation in resolve(item, shape, scope):
                    shape = effect_of(operation, shape).shape
                    path.append(operation)
            except ValueError as error:
                self.report(item.location, f"{where}: {item.kind} on {text(shape)}: {error}")
                shape = None
        return tuple(path), shape

    def classifier(self, written: WrittenPath, shape: Shape, where: str) -> Path:
        """A head, which must give one number per class."""
        path, output = self.path(written, shape, self.scope, where)
        if output is not None and output != (self.scope.classes,):
            location = written[-1].location if written else ("architecture", where)
            wanted = f"one feature for each of {self.scope.classes} classes"
            self.report(location, f"{where}: gives {text(output)}, not {wanted}; end in linear: {{features: classes}}")
        return path
