"""The page on clusters and what lies beside it: commands are understood, manifests are whole, the script is sound."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from ablate.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cluster.md").read_text()
BESIDE = ROOT / "docs" / "cluster"
SCRIPT = BESIDE / "slurm.sh"
LINES = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
COMMANDS = [line[line.index("ablate run") :] for line in LINES if "ablate run" in line]
MANIFESTS = {document["kind"]: document for document in yaml.safe_load_all((BESIDE / "kuberay.yaml").read_text())}


def understand(command: str, root: Path = ROOT) -> dict[str, Any]:
    """The arguments of an `ablate run`, as click reads them; the study must be there."""
    _, name, *arguments = shlex.split(command)
    assert isinstance(main, click.Group)
    subcommand = main.get_command(click.Context(main), name)
    assert subcommand is not None
    parameters = subcommand.make_context(name, arguments).params
    study = root / parameters["file"]
    assert study.is_file(), study
    return parameters


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_understood(command: str) -> None:
    assert understand(command)["file"]


def test_the_page_has_a_command_for_every_kind_of_machine() -> None:
    named = [understand(command) for command in COMMANDS]
    assert any(found["workers"] > 1 for found in named)
    assert any(found["gpus"] for found in named)
    assert any(found["address"] for found in named)


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!http)[^)#]+)\)", PAGE))
def test_what_the_page_links_is_there(link: str) -> None:
    assert (ROOT / "docs" / link).is_file()


def pods() -> list[dict[str, Any]]:
    cluster = MANIFESTS["RayJob"]["spec"]["rayClusterSpec"]
    return [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]


def test_the_job_runs_a_study_of_the_image_on_the_cluster_it_is_given() -> None:
    spec = MANIFESTS["RayJob"]["spec"]
    found = understand(spec["entrypoint"].replace("/ablate/specs", "specs"))
    assert found["address"] == "auto"
    assert str(found["store"]).startswith("/mnt/ablate/")
    assert spec["shutdownAfterJobFinishes"]
    assert (MANIFESTS["RayJob"]["apiVersion"], spec["submissionMode"]) == ("ray.io/v1", "K8sJobMode")
    assert "WORKDIR /ablate\n" in (BESIDE / "Dockerfile").read_text()


def test_all_pods_have_one_image_the_shared_volume_and_resources() -> None:
    volume = MANIFESTS["PersistentVolumeClaim"]
    assert volume["spec"]["accessModes"] == ["ReadWriteMany"]
    for group in pods():
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        (mount,), (shared,) = container["volumeMounts"], pod["volumes"]
        assert mount == {"name": shared["name"], "mountPath": "/mnt/ablate"}
        assert shared["persistentVolumeClaim"]["claimName"] == volume["metadata"]["name"]
        assert container["image"] == "images.example.org/ablate:1"
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert {variable["value"].rsplit("/", 1)[0] for variable in container["env"]} == {"/mnt/ablate"}
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_the_cluster_has_the_version_of_ray_that_is_tested() -> None:
    pinned = re.search(r"^ray==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned
    assert MANIFESTS["RayJob"]["spec"]["rayClusterSpec"]["rayVersion"] == pinned[1]


def test_the_image_copies_what_is_there() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (BESIDE / "Dockerfile").read_text(), re.MULTILINE)
    assert copied
    assert all((ROOT / name).exists() for names in copied for name in names.split())


def test_the_script_is_sound() -> None:
    assert SCRIPT.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", SCRIPT], check=True)
    text = SCRIPT.read_text()
    understand(re.sub(r'"\$\w+"', "x", text[text.index('ablate run "$@"') :].split(" &")[0].replace('"$@"', STUDY)))


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    subprocess.run(["shellcheck", "--exclude=SC2317", SCRIPT], check=True)


STUDY = "specs/studies/quickstart.yaml"
