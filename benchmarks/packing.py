"""Several trainings at the same time on one device, against one after the other and against Tune with parts of a GPU.

    python benchmarks/packing.py [--device cuda] [--sizes 1 2 4 8 16] [--depth 20] [--whole] [--no-tune]

`alone` is a trial that has the device to itself, on our own fast path (on a GPU its steps are recorded as a graph);
`fused` is one network with grouped operations; `in turn` are networks of their own, each on a stream of its own. All
variants take turns and the ratios are those of the images per second of all trials together, round by round. On a GPU:
ResNet-20 of 32x32 images in batches of 128. On a CPU, unless `--whole`, its widths are halved and images are 8x8.

Tune gives each of N trials one N-th of the GPU and a process of its own; all are timed at the same time, once all have
warmed up. The floor is the time that the multiply-adds of all trials take at the measured peak, or that writing and
reading what autograd keeps takes at the measured bandwidth, whichever is longer.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from limits import kept_bytes, measure_bandwidth, measure_peak
from measurement import Spread, Variant, ratio, take_turns, write_results
from training import BATCH, Bench

from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.summary import summarise
from ablate.train.memory import give_back
from ablate.train.packing.rehearsal import fuse, line_up
from ablate.train.process import fresh_state
from ablate.train.step import PLAIN, Manner

WAYS = {"fused": fuse, "in turn": line_up}
RECORDED = Manner("off", "off")  # and not compiled, so that ways are compared and not compilers
NUM_IMAGES = 4096
SMALL = {"family": "cifar", "widths": [8, 16, 32]}
TUNE_SECONDS = 15.0


def create_bench(options: argparse.Namespace) -> Bench:
    """The network and images of all trials."""
    bench = Bench(options.depth, options)
    bench.images, bench.labels = bench.images[:NUM_IMAGES], bench.labels[:NUM_IMAGES]
    if options.device == "cpu" and not options.whole:
        bench.images = bench.images[:, :8, :8]
        network, problems = read_architecture({**SMALL, "depth": options.depth}, {}, (3, 8, 8), 10)
        assert network is not None, problems
        bench.network = network
    return bench


def steps(bench: Bench, way: str, size: int) -> Iterator[None]:
    """A step of `size` trials for each `next`."""
    take_steps: Callable[[], None] = WAYS[way](bench.network, [bench.run(PLAIN) for _ in range(size)], RECORDED)
    while True:
        take_steps()
        yield


def measure(bench: Bench, options: argparse.Namespace) -> dict[str, Any]:
    names = {(way, size): f"{way} {size}" for way in WAYS for size in options.sizes}
    variants = {name: Variant(steps(bench, *key), 6) for key, name in names.items()}
    seconds = take_turns(
        {"alone": Variant(steps(bench, "in turn", 1), 6), **variants}, options.rounds, options.seconds, bench.wait
    )
    peak, bandwidth = measure_peak(bench.device, bench.wait), measure_bandwidth(bench.device, bench.wait)
    flops = 6 * summarise(bench.network).multiply_adds * BATCH
    kept = kept_bytes(bench.network, BATCH, bench.device)
    floor = max(flops / peak, 4 * kept / bandwidth)
    found = {"alone": row(1, seconds["alone"], seconds["alone"], floor)}
    for (_, size), name in names.items():
        found[name] = row(size, seconds[name], seconds["alone"], floor)
    device = {"peak_gflops": peak / 1e9, "gigabytes_per_second": bandwidth / 1e9}
    return {**device, "flops_per_step": flops, "bytes_kept_per_step": kept, "floor_seconds": floor, "variants": found}


def row(size: int, seconds: list[float], alone: list[float], floor: float) -> dict[str, Any]:
    return {
        "trials": size,
        "images_per_second": Spread.of([size * BATCH / value for value in seconds]),
        "to_alone": ratio([size * value for value in alone], seconds),
        "to_floor": size * floor / Spread.of(seconds).median,
    }


def show(found: dict[str, Any]) -> None:
    flops, kept = found["flops_per_step"] / 1e9, found["bytes_kept_per_step"] / 1e6
    print(f"a trial's step: {flops:.2f} GFLOP, {kept:.0f} MB kept; ", end="")
    print(f"floor {found['floor_seconds'] * 1e3:.3f} ms at {found['peak_gflops']:.0f} GFLOP/s, ", end="")
    print(f"{found['gigabytes_per_second']:.0f} GB/s")
    print(f"{'':12}{'images/s of all':>28}{'to one after the other':>28}{'to floor':>10}")
    for name, entry in found["variants"].items():
        images = entry["images_per_second"]
        speed = f"{images.median:.0f} [{images.low:.0f}, {images.high:.0f}]"
        print(f"{name:12}{speed:>28}{entry['to_alone']!s:>28}{entry['to_floor']:>10.0%}")


def measure_tune(options: argparse.Namespace, size: int) -> float:
    """Images per second of so many trials, each with its part of the GPU and a process of its own."""
    import ray
    from ray import tune

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def train(config: dict[str, Any]) -> None:
            tune.report({"rate": time_one(options, folder, size)})

        ray.init(num_cpus=size, num_gpus=1, include_dashboard=False, log_to_driver=False)
        try:
            tuner = tune.Tuner(
                tune.with_resources(train, {"cpu": 1, "gpu": 1 / size}),
                tune_config=tune.TuneConfig(num_samples=size),
                run_config=tune.RunConfig(storage_path=str(folder / "tune"), verbose=0),
            )
            return sum(result.metrics["rate"] for result in tuner.fit())
        finally:
            ray.shutdown()


def time_one(options: argparse.Namespace, folder: Path, size: int) -> float:
    """Images per second of one trial, from the moment at which all have warmed up."""
    bench = create_bench(options)
    with fresh_state(bench.device, 1, 0):
        take_step = steps(bench, "in turn", 1)
        for _ in range(20):
            next(take_step)
        bench.wait()
        (folder / f"{os.getpid()}.ready").touch()
        while len(list(folder.glob("*.ready"))) < size:
            time.sleep(0.01)
        start, num = time.perf_counter(), 0
        while time.perf_counter() - start < TUNE_SECONDS:
            for _ in range(20):
                next(take_step)
            bench.wait()
            num += 20
        return num * BATCH / (time.perf_counter() - start)


def compare_with_tune(options: argparse.Namespace, found: dict[str, Any]) -> dict[str, Any]:
    """The ratio of our best way to Tune's parts of a GPU, by number of trials."""
    if options.device != "cuda" or not options.tune:
        print("Tune with parts of a GPU: skipped, since it needs a GPU" if options.tune else "Tune: skipped")
        return {}
    compared = {}
    for size in options.sizes:
        rate = measure_tune(options, size)
        ours = max(found["variants"][f"{way} {size}"]["images_per_second"].median for way in WAYS)
        compared[str(size)] = {"images_per_second": rate, "ours_to_tune": ours / rate}
        print(
            f"Tune {size:<4}{rate:>12.0f} images/s; ours to it {ours / rate:.2f}"
            + (" (wanted: 3)" if size == 8 else "")
        )
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--depth", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each turn, about")
    parser.add_argument("--whole", action="store_true", help="on a CPU too, the whole network at 32x32")
    parser.add_argument("--no-tune", dest="tune", action="store_false")
    options = parser.parse_args()
    options.data, options.workers, options.compile = None, 0, False
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    bench = create_bench(options)
    with fresh_state(bench.device, 1, 0):
        found = measure(bench, options)
    show(found)
    print("wanted on a GPU: fused or in turn 8 at least 4.00 to one after the other, and 3.00 to Tune")
    give_back()
    write_results(f"packing.{bench.device.type}", {**found, "tune": compare_with_tune(options, found)})


if __name__ == "__main__":
    main()
