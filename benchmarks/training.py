"""Training throughput of ResNets at 32x32, against a plain script and against what the hardware can do.

    python benchmarks/training.py [--device cuda] [--depths 20 56 110] [--no-compile] [--full] [--data FOLDER]

The variants take turns, so that what disturbs the machine disturbs all of them; figures are medians and quartiles over
the rounds, ratios are taken round by round. `plain` is benchmarks/plain_script.py. `ceiling` is what is left of our
step without data and bookkeeping: forward, backward and update on one fixed batch, in our memory layout (on a GPU
recorded as one graph). `peak` is a large matrix product; the floor is the time that the multiply-adds take at that
rate, or that writing and reading what autograd keeps, and its gradients, takes at the measured bandwidth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import plain_script
import torch
from limits import Work, kept_bytes, measure_bandwidth, multiply, product_size, repeat
from measurement import Spread, Variant, apart, ratio, take_turns, write_results
from numpy.typing import NDArray

from ablate.model import build
from ablate.spec import load_architecture
from ablate.spec.architecture.network import Network
from ablate.spec.architecture.summary import summarise
from ablate.spec.study.recipe import Augment, Train
from ablate.train.data import Resident, Splits
from ablate.train.data.normalisation import Normalisation
from ablate.train.loop import end_epoch, take_steps
from ablate.train.optimiser import create_optimiser
from ablate.train.process import fresh_state
from ablate.train.randomness import open_streams
from ablate.train.run import DTYPES, Run
from ablate.train.step import Manner, Step, choose_step

BATCH = 128
ITERATIONS = 64_000  # He et al. 2015, sec. 4.2
RECIPE = Train(epochs=10_000, batch_size=BATCH)


class Bench:
    """Everything that the variants of one depth share."""

    def __init__(self, depth: int, options: argparse.Namespace) -> None:
        self.depth, self.options = depth, options
        self.device = torch.device(options.device)
        self.network: Network = load_architecture(f"specs/architectures/resnet-{depth}.yaml").network
        self.images, self.labels = read_images(options.data)
        self.notes: list[str] = []

    def run(self, manner: Manner, precision: str = "float32") -> Run:
        """A run of ours; compiling happens here."""
        device, streams = self.device, open_streams(0, self.device)
        module = build(self.network, "he-fan-out", streams.init)
        module = module.to(device, memory_format=torch.channels_last)
        recipe = RECIPE.model_copy(update={"precision": precision})
        pixels = torch.from_numpy(self.images).permute(0, 3, 1, 2).contiguous().to(device)
        split = Resident(pixels, torch.tensor(self.labels, device=device), torch.arange(len(pixels), device=device))
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (plain_script.MEAN, plain_script.STD))
        normalisation = Normalisation(1 / (255 * std), -mean / std, torch.zeros(3, 3)).to(device, DTYPES[precision])
        run = Run(
            module=module,
            optimiser=create_optimiser(module, recipe),
            streams=streams,
            splits=Splits(split, None, split, normalisation, tuple("0123456789"), ""),
            recipe=recipe,
            augment=Augment(pad=4, flip=True),
            auxiliary_weights=(),
            device=device,
        )
        choose_step(run, self.network, manner, self.notes.append)
        return run

    def plain(self) -> Iterator[Any]:
        options = self.options
        return apart(train_plainly, self.depth, options.data, self.device, options.workers, torch.get_num_threads())

    def ours(self, manner: Manner, precision: str = "float32") -> Iterator[Any]:
        run = self.run(manner, precision)
        while True:
            yield from take_steps(run)
            end_epoch(run)

    def ceiling(self, manner: Manner, precision: str = "float32") -> Iterator[Any]:
        """Forward, backward and update on one batch, and nothing else."""
        run = self.run(replace(manner, graphs=False), precision)
        forward = run.take_step.forward if isinstance(run.take_step, Step) else None
        assert forward is not None
        images = torch.randn(BATCH, 3, 32, 32, device=self.device).contiguous(memory_format=torch.channels_last)
        labels = torch.randint(0, 10, (BATCH,), device=self.device)
        run.module.train()

        def work() -> None:
            run.optimiser.zero_grad(set_to_none=True)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                total, _, _ = forward(run.module, images, labels, ())
            total.backward()
            run.optimiser.step()

        return repeat(recorded(work) if self.device.type == "cuda" else work)

    def variants(self) -> dict[str, Variant]:
        prefetched = 2 * self.options.workers  # by the loader, while others have their turn
        eager, compiled = Manner("off", "off"), Manner("on", "off")
        found = {
            "plain": Variant(self.plain(), prefetched + 1),
            "ours": Variant(self.ours(eager), 6),
            "ceiling": Variant(self.ceiling(eager)),
        }
        if self.device.type == "cuda":
            found["ours, no graphs"] = Variant(self.ours(replace(eager, graphs=False)), 6)
            found["ours, bfloat16"] = Variant(self.ours(eager, "bfloat16"), 6)
            found["ceiling, bfloat16"] = Variant(self.ceiling(eager, "bfloat16"))
        if self.options.compile:
            found["ours, compiled"] = Variant(self.ours(compiled), 6)
            found["ceiling, compiled"] = Variant(self.ceiling(compiled))
        return found

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def train_plainly(depth: int, data: Path | None, device: torch.device, workers: int, threads: int) -> Iterator[float]:
    """The plain script; in a process of its own, since ours has its own way with memory."""
    torch.set_num_threads(threads)
    return plain_script.train(depth, *read_images(data), device, BATCH, workers)


def recorded(work: Work) -> Work:
    """The work as a CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def read_images(folder: Path | None) -> tuple[NDArray[np.uint8], list[int]]:
    """CIFAR-10's training images (N, 32, 32, 3), or noise of that shape: the speed is the same."""
    if folder:
        from torchvision.datasets import CIFAR10

        found = CIFAR10(str(folder), train=True)
        return found.data, list(found.targets)
    random = np.random.default_rng(0)
    return random.integers(0, 256, (50_000, 32, 32, 3), dtype=np.uint8), random.integers(0, 10, 50_000).tolist()


def measure(bench: Bench) -> dict[str, Any]:
    options = bench.options
    variants = bench.variants()
    variants["peak"] = Variant(multiply(bench.device))
    seconds = take_turns(variants, options.rounds, options.seconds, bench.wait)
    flops = 6 * summarise(bench.network).multiply_adds * BATCH  # two per multiply-add; forward, and backward twice that
    products, product_flops = seconds.pop("peak"), 2 * product_size(bench.device) ** 3
    peak = product_flops / min(products)
    floor = max(
        flops / peak, 4 * kept_bytes(bench.network, BATCH, bench.device) / measure_bandwidth(bench.device, bench.wait)
    )
    found = {}
    for name, values in seconds.items():
        suffix = name.partition(", ")[2]
        ceiling = seconds.get(f"ceiling, {suffix}", seconds["ceiling"])
        found[name] = {
            "images_per_second": Spread.of([BATCH / value for value in values]),
            "to_plain": ratio(seconds["plain"], values),
            "to_ceiling": ratio(ceiling, values),
            "to_peak": ratio([flops / product_flops * product for product in products], values).median,
            "to_floor": floor / Spread.of(values).median,
            "hours_of_64000_iterations": ITERATIONS * Spread.of(values).median / 3600,
        }
    return {"depth": bench.depth, "peak_gflops": peak / 1e9, "floor_seconds": floor, "variants": found}


def show(found: dict[str, Any], notes: list[str]) -> None:
    peak, floor = found["peak_gflops"], found["floor_seconds"]
    print(f"\nResNet-{found['depth']}: peak {peak:.0f} GFLOP/s, floor {floor:.4f} s a step")
    print(f"{'':20}{'images/s':>26}{'to plain':>20}{'to ceiling':>20}{'to peak':>9}{'to floor':>9}{'64k steps':>11}")
    for name, row in found["variants"].items():
        images = row["images_per_second"]
        speed = f"{images.median:.0f} [{images.low:.0f}, {images.high:.0f}]"
        ratios = f"{row['to_plain']!s:>20}{row['to_ceiling']!s:>20}{row['to_peak']:>9.0%}{row['to_floor']:>9.0%}"
        print(f"{name:20}{speed:>26}{ratios}{row['hours_of_64000_iterations']:>9.2f} h")
    for note in notes:
        print(note)


def profile(bench: Bench) -> None:
    """Where the time of our eager step goes, by operation."""
    steps = bench.ours(Manner("off", "off"))
    for _ in range(3):
        next(steps)
    with torch.profiler.profile() as found:
        for _ in range(4):
            next(steps)
        bench.wait()
    order = f"self_{bench.device.type}_time_total"
    print(found.key_averages().table(sort_by=order, row_limit=20, max_name_column_width=40))


def train_fully(bench: Bench) -> dict[str, Any]:
    """The whole schedule of the paper, data and all, without evaluations."""
    run = bench.run(Manner(recompute="off"))
    start, steps = time.perf_counter(), 0
    while steps < ITERATIONS:
        for _ in take_steps(run):
            steps += 1
            if steps == ITERATIONS:
                break
        else:
            end_epoch(run)
    bench.wait()
    seconds = time.perf_counter() - start
    print(f"ResNet-{bench.depth}: {ITERATIONS:,} iterations in {seconds:.0f} s")
    return {"depth": bench.depth, "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description="Training throughput of ResNets at 32x32.")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--depths", type=int, nargs="+", default=[20, 56, 110])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of PyTorch, for every variant")
    parser.add_argument("--workers", type=int, default=2, help="of the plain script's DataLoader")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each turn, about")
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--full", action="store_true", help="also train the whole schedule of 64,000 iterations")
    parser.add_argument("--data", type=Path, help="folder of CIFAR-10, as torchvision has it; else noise of its shape")
    parser.add_argument("--profile", action="store_true", help="only say where the time of an eager step goes")
    options = parser.parse_args()
    device = torch.device(options.device)
    benches = [Bench(depth, options) for depth in options.depths]
    found, full = [], []
    for bench in benches:
        with fresh_state(device, options.threads, 0):
            if options.profile:
                profile(bench)
                continue
            found.append(measure(bench))
            show(found[-1], bench.notes)
            full += [train_fully(bench)] if options.full else []
    if not options.profile:
        write_results(f"training.{device.type}", {"threads": options.threads, "depths": found, "full": full})


if __name__ == "__main__":
    main()
