"""What the system says of this machine, against PyTorch and against hand-written files of the system."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ablate import hardware
from ablate.hardware import available_memory, find_hardware, free_gpu_memory, gpu_names, num_cpus


def test_a_trial_here_records_what_was_said_before_pytorch_was_imported() -> None:
    from ablate.train.environment import describe_environment
    from ablate.train.pack import choose_device

    said = find_hardware("auto", threads=1)
    recorded = describe_environment(choose_device("auto"), threads=1)
    assert vars(said) == {name: recorded[name] for name in vars(said)}


def test_a_batch_job_may_use_what_it_was_given(tmp_path: Path) -> None:
    for name, text in {
        "cpu.max": "150000 100000\n",
        "memory.max": "1000000\n",
        "memory.current": "700000\n",
        "memory.stat": "anon 500000\nactive_file 1\ninactive_file 200000\n",
    }.items():
        (tmp_path / name).write_text(text)
    assert num_cpus(tmp_path) == 1
    assert available_memory(tmp_path) == 1_000_000 - 700_000 + 200_000


def test_without_limits_it_is_the_whole_machine(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert num_cpus(tmp_path) == len(os.sched_getaffinity(0))
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < (available_memory(tmp_path) or 0) <= physical


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        (None, ["NVIDIA H200", "NVIDIA L4"]),
        ("", []),
        ("-1", []),
        ("1", ["NVIDIA L4"]),
        ("1,0", ["NVIDIA L4", "NVIDIA H200"]),
        ("0,7", ["NVIDIA H200"]),
        ("GPU-8932f937-d72c", ["NVIDIA H200"]),
    ],
)
def test_gpus_are_those_that_may_be_seen(
    visible: str | None, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, model in enumerate(["NVIDIA H200", "NVIDIA L4"]):
        folder = tmp_path / f"0000:0{number}:00.0"
        folder.mkdir()
        (folder / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 16\n")
    monkeypatch.setattr(hardware, "NVIDIA", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu_names() == names


def test_the_driver_is_asked_where_the_system_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "nvidia-smi"
    script.write_text(
        "#!/bin/sh\ncase $1 in *=name) echo NVIDIA L4; echo NVIDIA L4;; *) echo 23034; echo 1034;; esac\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(hardware, "NVIDIA", tmp_path / "none")
    assert gpu_names() == ["NVIDIA L4", "NVIDIA L4"]
    assert free_gpu_memory() == 1034 * 2**20
