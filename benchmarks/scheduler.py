"""What scheduling costs: negligible trials through ablate, through Ray Tune as it comes, and through plain Ray actors.

    python benchmarks/scheduler.py [TRIALS]

Every trial does nothing but write a record; each way runs in a process of its own, two trials at a time, the ways
taking turns. Ray Tune with its defaults is given 16 trials, as it takes a second for each. `ray` is the start and the
end of Ray, which is the same for all; `trials` all that lies between; the figures are medians over the repeats.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from measurement import write_results

from ablate.records import Cost, Outcome, Record, Store
from ablate.spec import Trial, load_study

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity, widths: [1, 1, 1]}
  data: {dataset: digits}
  train: {epochs: 1, batch_size: 1024}
seeds: %d
"""
PROCESSES = 2
REPEATS = 3
FEW = 16  # for Tune's defaults


def create_trials(number: int, folder: Path) -> tuple[Trial, ...]:
    path = folder / "study.yaml"
    path.write_text(STUDY % number)
    return load_study(path).trials


def idle(trial: Trial) -> Record:
    """What a trial that does nothing leaves behind."""
    return Record(
        id=trial.id,
        seed=trial.seed,
        outcome=Outcome.FINISHED,
        spec={"architecture": dict(trial.cell.architecture)},
        history=(),
        final={},
        selected=None,
        cost=Cost(seconds=0, images_per_second=0, peak_memory=0, parameters=0, multiply_adds=0),
        environment={},
    )


def idle_pack(trials: Sequence[Trial], **_: Any) -> Iterator[Record]:
    return map(idle, trials)


def start_ray() -> None:
    import logging

    import ray

    ray.init("local", num_cpus=PROCESSES, include_dashboard=False, log_to_driver=False, logging_level=logging.CRITICAL)


def with_ablate(trials: Sequence[Trial], store: Store) -> None:
    """The whole of `run_trials`, only that a trial trains nothing and PyTorch is not imported."""
    from rich.console import Console

    import ablate.schedule.tuning
    from ablate.schedule import run_trials
    from ablate.schedule.progress import Watch
    from ablate.schedule.trainable import PackTrainable

    class IdleTrainable(PackTrainable):
        def setup(self, *arguments: Any, **options: Any) -> None:
            sys.modules["ablate.train"] = types.SimpleNamespace(  # type: ignore[assignment]
                train_pack=idle_pack, **dict.fromkeys(("Keeping", "Manner", "Packing"), lambda *_: None)
            )
            super().setup(*arguments, **options)

    ablate.schedule.tuning.PackTrainable = IdleTrainable  # type: ignore[misc]
    run_trials(trials, store, watch=Watch(Console(file=io.StringIO())))


def with_tune(trials: Sequence[Trial], store: Store, reuse: bool) -> None:
    from ray import tune

    def train(config: dict[str, Any]) -> None:
        store.write(idle(config["trial"]))
        tune.report({"loss": 0.0})

    tune.Tuner(
        train,
        param_space={"trial": tune.grid_search(list(trials))},
        tune_config=tune.TuneConfig(reuse_actors=reuse),
        run_config=tune.RunConfig(storage_path=str(store.folder / "tune"), verbose=0),
    ).fit()


def with_tune_defaults(trials: Sequence[Trial], store: Store) -> None:
    with_tune(trials, store, reuse=False)


def with_tune_reuse(trials: Sequence[Trial], store: Store) -> None:
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    with_tune(trials, store, reuse=True)


def with_actors(trials: Sequence[Trial], store: Store) -> None:
    import ray
    from ray.util import ActorPool

    @ray.remote(num_cpus=1)
    class Actor:
        def train(self, trial: Trial) -> None:
            store.write(idle(trial))

    pool = ActorPool([Actor.remote() for _ in range(PROCESSES)])
    list(pool.map_unordered(lambda actor, trial: actor.train.remote(trial), list(trials)))


WAYS: dict[str, tuple[Callable[[Sequence[Trial], Store], None], str]] = {
    "ablate": (with_ablate, "ablate"),
    "tune": (with_tune_defaults, "Tune, defaults"),
    "tune-reuse": (with_tune_reuse, "Tune, reused actors, no loggers"),
    "actors": (with_actors, "Ray actors, own pool"),
}


def run_way(name: str, number: int) -> None:
    """In a process of its own: print seconds for Ray and for the trials."""
    os.environ |= {"RAY_AIR_NEW_OUTPUT": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    with tempfile.TemporaryDirectory() as folder:
        trials, store = create_trials(number, Path(folder)), Store(Path(folder) / "runs")
        moments = [time.perf_counter()]
        start_ray()
        import ray

        moments.append(time.perf_counter())
        WAYS[name][0](trials, store)
        moments.append(time.perf_counter())
        ray.shutdown()
        moments.append(time.perf_counter())
        assert len(store.outcomes(trial.id for trial in trials)) == number
    print(json.dumps({"ray": moments[1] - moments[0] + moments[3] - moments[2], "trials": moments[2] - moments[1]}))


def measure(name: str, number: int) -> dict[str, float]:
    command = [sys.executable, __file__, str(number), "--way", name]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds: dict[str, float] = json.loads(output.splitlines()[-1])
    return seconds


def summarise(name: str, number: int, runs: list[dict[str, float]]) -> dict[str, Any]:
    ray, trials = (median(run[part] for run in runs) for part in ("ray", "trials"))
    return {
        "way": WAYS[name][1],
        "trials": number,
        "ray_seconds": round(ray, 2),
        "seconds_per_trial": round(trials / number, 4),
        "seconds_per_trial_ray_included": round((trials + ray) / number, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("trials", type=int, nargs="?", default=200)
    parser.add_argument("--way", choices=WAYS)
    options = parser.parse_args()
    if options.way:
        run_way(options.way, options.trials)
        return
    numbers = {name: FEW if name == "tune" else options.trials for name in WAYS}
    runs = [{name: measure(name, number) for name, number in numbers.items()} for _ in range(REPEATS)]
    rows = [summarise(name, number, [run[name] for run in runs]) for name, number in numbers.items()]
    ours = rows[0]["seconds_per_trial"]
    for row in rows:
        row["ratio"] = round(row["seconds_per_trial"] / ours, 2)
        print("{way:<34}{trials:>5} trials {seconds_per_trial:>8.4f} s each ({ratio:>6.2f}x)".format(**row), end="")
        print("  {seconds_per_trial_ray_included:.4f} with Ray's start and end ({ray_seconds:.1f} s)".format(**row))
    write_results("scheduler", {"repeats": REPEATS, "ways": rows})


if __name__ == "__main__":
    main()
