"""The report as files: what is in it, the same bytes each time, whole or not at all, hostile names and sizes."""

from __future__ import annotations

import re
import resource
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import make_record, planted

from ablate.errors import AblateError, UsageError
from ablate.records import Outcome, Record
from ablate.report import write_report
from ablate.spec import Study
from ablate.spec.architecture.network import Value
from ablate.spec.study.study import Trial

HOSTILE = """<script>alert("1")</script> & 'q' {{ 7*7 }} {% x %} $a_b^c$ \\textbf{x} |*_`# 雪 🚀 _\x07"""
FIGURES = ("claims", "curves", "depth", "effects", "sizes")
MEASURED = re.compile(r'<section id="time">.*?</section>|## Measured time.*?(?=\n## )', re.DOTALL)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def write(study: Study, records: Mapping[str, Record], folder: Path) -> dict[str, bytes]:
    return files_of(write_report(study, records, folder, command="ablate report depths.yaml").page.parent)


def test_the_files_of_a_report(study: Study, records: dict[str, Record], tmp_path: Path) -> None:
    found = set(write(study, records, tmp_path / "report"))
    figures = {f"figures/{name}.{kind}" for name in FIGURES for kind in ("svg", "pdf", "png")}
    names = ("claims", "errors", "degradation", "effects", "sizes", "times")
    tables = {f"tables/{name}.{kind}" for name in names for kind in ("csv", "tex")}
    assert found == {"index.html", "report.md", "results.csv", "times.csv"} | figures | tables


def test_the_same_records_give_the_same_bytes(study: Study, records: dict[str, Record], tmp_path: Path) -> None:
    first = write(study, records, tmp_path / "a")
    assert write(study, dict(reversed(records.items())), tmp_path / "b") == first
    assert write(study, records, tmp_path / "a") == first


def timed(trial: Trial, factor: float) -> Record:
    """A deeper net takes longer."""
    depth = trial.cell.factors["architecture.depth"]
    assert isinstance(depth, int)
    return make_record(trial, planted(trial.cell), seconds=factor * depth / (8 + factor))


def test_other_seconds_change_only_what_is_marked_as_measured(study: Study, tmp_path: Path) -> None:
    first, second = (
        write(study, {trial.id: timed(trial, factor) for trial in study.trials}, tmp_path / name)
        for name, factor in (("a", 1.0), ("b", 7.5))
    )
    differing = {name for name in first if first[name] != second[name]}
    figures = {f"figures/times.{kind}" for kind in ("svg", "pdf", "png")}
    assert differing == {"index.html", "report.md", "times.csv", "tables/times.csv", "tables/times.tex"} | figures
    for name in ("index.html", "report.md"):
        assert MEASURED.sub("", first[name].decode()) == MEASURED.sub("", second[name].decode())
        assert MEASURED.search(first[name].decode())


def test_the_result_says_what_was_judged(study: Study, records: dict[str, Record], tmp_path: Path) -> None:
    report = write_report(study, records, tmp_path / "report", command="c")
    assert report.page == tmp_path / "report" / "index.html"
    assert [verdict.claim for verdict in report.verdicts] == list(study.claims)
    content = report.as_json()
    assert (content["trials"], content["recorded"]) == (18, 18)
    assert [claim["verdict"] for claim in content["claims"]] == [str(v.verdict) for v in report.verdicts]
    assert content["claims"][0]["low"] < content["claims"][0]["mean"] < content["claims"][0]["high"]


def test_a_study_without_any_record_has_a_report(study: Study, tmp_path: Path) -> None:
    found = write(study, {}, tmp_path / "report")
    page = found["index.html"].decode()
    assert "18 of 18 trials have no record yet" in page
    assert page.count('<p class="verdict"><span aria-hidden="true">–</span> not testable</p>') == 4
    assert "tables/failures.csv" in found
    assert not any(name.startswith("figures/") for name in found)


def test_a_study_without_claims_or_depths_has_a_report(read: Callable[[str], Study], tmp_path: Path) -> None:
    study = read(
        "question: Which rate?\nbaseline: {architecture: {family: cifar, depth: 8, block: basic, shortcut: identity},"
        " data: {dataset: digits, validation: 0.0}}\ngrid: {train.lr: [0.1, 0.01]}\nseeds: 1\n"
    )
    records = {trial.id: make_record(trial, 5.0) for trial in study.trials}
    found = write(study, records, tmp_path / "report")
    assert "This study makes no claims" in found["index.html"].decode()
    assert "tables/degradation.csv" not in found
    assert {"figures/curves.svg"} <= set(found)


def test_a_foreign_folder_is_left_alone(study: Study, records: dict[str, Record], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="holds no report"):
        write(study, records, tmp_path / "home")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        write(study, records, tmp_path / "file")
    assert files_of(tmp_path / "home") == {"thesis.tex": b"years of work"}


def test_an_older_report_is_replaced_whole_and_strangers_in_it_are_kept(
    study: Study, records: dict[str, Record], tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    write(study, {}, folder)
    (folder / "notes.md").write_text("mine")
    found = write(study, records, folder)
    assert found["notes.md"] == b"mine"
    assert "tables/failures.csv" not in found
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_report_that_cannot_be_finished_leaves_the_old_one(
    study: Study, records: dict[str, Record], tmp_path: Path
) -> None:
    before = write(study, {}, tmp_path / "report")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))  # the disk is full after 20 kB
    try:
        with pytest.raises(AblateError, match="cannot write the report: File too large"):
            write(study, records, tmp_path / "report")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files_of(tmp_path / "report") == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


class Outline(HTMLParser):
    """What a browser would see: tags that are opened and never closed, scripts, ids."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.scripts += tag == "script"
        self.ids += [values["id"] or ""] if "id" in values else []
        self.targets += [value for key in ("href", "src") if (value := values.get(key))]
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def hostile(study: Study) -> Study:
    def rename(factors: Mapping[str, Value]) -> dict[str, Value]:
        return {axis: f"{HOSTILE}{value}" if axis.endswith("shortcut") else value for axis, value in factors.items()}

    cells = tuple(replace(c, name=f"{HOSTILE} {c.name}", factors=rename(c.factors)) for c in study.cells)
    claims = tuple(replace(claim, says=HOSTILE, source=HOSTILE, where=rename(claim.where)) for claim in study.claims)
    return replace(
        study, name=HOSTILE, question=HOSTILE, source=HOSTILE, cells=cells, claims=claims, baseline=cells[0].name
    )


def test_hostile_names_are_escaped_everywhere(study: Study, records: dict[str, Record], tmp_path: Path) -> None:
    trial = study.trials[4]
    records[trial.id] = make_record(trial, 70, outcome=Outcome.FAILED).model_copy(
        update={"error": HOSTILE, "environment": {HOSTILE: HOSTILE}}
    )
    report = write_report(hostile(study), records, tmp_path / "report", command=f"ablate report {HOSTILE}")
    page = report.page.read_text()
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert outline.scripts == 1
    assert page.count("<script") == 1
    assert "{{ 7*7 }}" in page
    lines = (tmp_path / "report" / "report.md").read_text().splitlines()
    assert not [line for line in lines if "<script" in line and not line.startswith("    ")]  # but in the code block
    for path in (tmp_path / "report" / "figures").glob("*.svg"):
        assert not list(ET.parse(path).iter("{http://www.w3.org/2000/svg}script"))
    for path in (tmp_path / "report" / "tables").glob("*.tex"):
        assert "\\textbf" not in path.read_text()


def test_the_page_is_well_formed_and_asks_for_nothing(study: Study, records: dict[str, Record], tmp_path: Path) -> None:
    found = write(study, records, tmp_path / "report")
    outline = Outline()
    outline.feed(found["index.html"].decode())
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    for target in outline.targets:
        if target.startswith("#"):
            assert target[1:] in outline.ids
        elif not target.startswith("data:"):
            assert target in found
    assert not re.search(r"https?://(?!www\.w3\.org)", found["index.html"].decode())
    assert "default-src 'none'" in found["index.html"].decode()


def test_links_of_the_markdown_report_exist(study: Study, records: dict[str, Record], tmp_path: Path) -> None:
    found = write(study, records, tmp_path / "report")
    linked = re.findall(r"(?<!\\)\]\(([^)]+)\)", found["report.md"].decode())
    assert {path.removeprefix("figures/").removesuffix(".svg") for path in linked} == set(FIGURES) - {"claims"}
    assert set(linked) <= set(found)
