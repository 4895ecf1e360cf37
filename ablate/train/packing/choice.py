"""How many trials of one network at the same time, and in which way: measured on a GPU before they are trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from ablate.spec.study.fusion import fusion_key
from ablate.spec.study.study import Trial
from ablate.train.failure import is_out_of_memory
from ablate.train.packing.arrangement import Bundle, Packing, Way
from ablate.train.packing.rehearsal import Rehearsal, rehearse
from ablate.train.process import fresh_state
from ablate.train.step import Manner

WAYS: tuple[Way, ...] = ("fused", "in turn")
GPU_PART = 0.9  # of the memory that is free, which trials may take
Rate = Callable[[Way, int], float]  # images per second of so many trials at the same time; 0 where they do not fit
_found: dict[tuple[str, int], tuple[Way, int]] = {}  # in this process


class Chooser:
    """Chooses bundles; a choice holds for all trials of the same network, data and batch size."""

    def __init__(
        self, packing: Packing, device: torch.device, threads: int, manner: Manner, note: Callable[[Trial, str], None]
    ) -> None:
        self.packing, self.device, self.threads, self.manner, self.note = packing, device, threads, manner, note

    def __call__(self, trials: tuple[Trial, ...]) -> Bundle:
        """The first of the trials, as many as are best trained at the same time."""
        is_open = self.packing.way is None or self.packing.size == "auto"
        if self.device.type != "cuda" or not is_open:
            return Bundle(trials, self.packing.way or "fused")
        way, size = self.measure(trials)
        return Bundle(trials[:size], way if size > 1 else "in turn")

    def measure(self, trials: Sequence[Trial]) -> tuple[Way, int]:
        """Time some steps of both ways, where that has not been done."""
        key = fusion_key(trials[0]) or "", len(trials)
        if key not in _found:
            rates: dict[str, float] = {}

            def rate(way: Way, size: int) -> float:
                found = self._rehearse(trials[:size], way)
                rates[f"{way} {size}"] = found.images_per_second if found else 0.0
                return rates[f"{way} {size}"]

            sizes = self._list_sizes(trials)
            _found[key] = find_fastest(rate, [self.packing.way] if self.packing.way else WAYS, sizes)
            figures = ", ".join(f"{name}: {value:,.0f}" for name, value in rates.items())
            self.note(trials[0], f"packed {_found[key][0]} {_found[key][1]}; measured images per second: {figures}")
        return _found[key]

    def _list_sizes(self, trials: Sequence[Trial]) -> list[int]:
        if self.packing.size != "auto":
            return [len(trials)]
        alone = self._rehearse(trials[:1], "fused")
        if alone is None:
            return [1]
        free, _ = torch.cuda.mem_get_info(self.device)
        return halve(min(len(trials), num_fitting(free, alone.peak_bytes)))

    def _rehearse(self, trials: Sequence[Trial], way: Way) -> Rehearsal | None:
        """None where memory does not hold so many."""
        with fresh_state(self.device, self.threads, 0):
            try:
                return rehearse(trials, way, self.device, self.manner)
            except Exception as error:
                if is_out_of_memory(error):
                    return None
                raise


def find_fastest(rate: Rate, ways: Sequence[Way], sizes: Sequence[int]) -> tuple[Way, int]:
    """The way and size of the highest rate. Smaller sizes are tried as long as they are faster than larger ones."""
    best: tuple[float, Way, int] = (0.0, "in turn", 1)
    for way in ways:
        before = 0.0
        for size in sizes:
            now = rate(way, size)
            best = max(best, (now, way, size), key=lambda entry: entry[0])
            if now < before:
                break
            before = now
    return best[1:]


def halve(largest: int) -> list[int]:
    """The size and its halves, down to two: 16, 8, 4, 2; one alone stays one."""
    sizes = [largest]
    while sizes[-1] >= 4:
        sizes.append(sizes[-1] // 2)
    return sizes


def num_fitting(free: int, needed: int) -> int:
    """Trials that the free bytes hold if one needs so many; one at least."""
    return max(1, int(free * GPU_PART) // max(1, needed))
