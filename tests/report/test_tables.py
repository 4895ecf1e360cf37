"""Every number of the tables recomputed from results.csv, and every table as LaTeX and Markdown."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from ablate.records import Record
from ablate.report import latex, markdown, write_report
from ablate.report.degradation import NONE, OPTIMISATION, OVERFITTING, UNDECIDED, diagnose
from ablate.report.statistics import compare
from ablate.report.table import Column, Entry, Table
from ablate.spec import Study

HOSTILE = r"""a_b & 100% #1 $x^2$ {z} \input{/etc/passwd} ~<b>"q"</b>|p| [x] *--* `c` ± × − – Ünï 雪 🚀"""


@pytest.fixture
def results(report_folder: Path) -> pd.DataFrame:
    return pd.read_csv(report_folder / "results.csv")


def test_results_have_a_row_per_trial_and_a_column_per_factor(results: pd.DataFrame, study: Study) -> None:
    assert list(results["trial"]) == [trial.id for trial in study.trials]
    assert {"architecture.depth", "architecture.shortcut", "seed", "outcome", "test_error"} <= set(results.columns)
    assert not {"seconds", "images_per_second"} & set(results.columns)
    assert (results["outcome"] == "diverged").sum() == 1


def test_error_table_recomputed(report_folder: Path, results: pd.DataFrame) -> None:
    table = pd.read_csv(report_folder / "tables" / "errors.csv").set_index("cell")
    for cell, trials in results[results["outcome"] == "finished"].groupby("cell"):
        for metric in ("train_error", "test_error", "selected_test_error"):
            expected = trials[metric].agg(["mean", "std", "median", "min", "max"])
            assert table.loc[cell, [f"{metric}_{key}" for key in expected.index]].tolist() == pytest.approx(
                list(expected)
            )
        assert table.loc[cell, "n"] == len(trials)
    assert table.loc["shortcut=none depth=56", "n_diverged"] == 1


def test_claims_recomputed(report_folder: Path, results: pd.DataFrame) -> None:
    results.loc[results["outcome"] == "diverged", "train_error"] = 100 * (1 - 1 / results["classes"])
    wide = results.pivot(index="cell", columns="seed", values="train_error")
    differences = wide.loc["shortcut=none depth=56"] - wide.loc["shortcut=none depth=8"]
    claim = pd.read_csv(report_folder / "tables" / "claims.csv").loc[0]
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert claim[["mean", "low", "high"]].tolist() == pytest.approx([differences.mean(), interval.low, interval.high])
    assert claim["p"] == pytest.approx(stats.ttest_1samp(differences, 10.0).pvalue)
    assert claim["n"] == 3


def test_degradation_recomputed(report_folder: Path, results: pd.DataFrame) -> None:
    table = pd.read_csv(report_folder / "tables" / "degradation.csv").set_index("cell")
    wide = results.pivot(index="cell", columns="seed", values="test_error")
    gap = wide.loc["shortcut=none depth=20"] - wide.loc["shortcut=none depth=8"]
    assert table.loc["shortcut=none depth=20", "test_gap_mean"] == pytest.approx(gap.mean())
    assert table.loc["shortcut=none depth=20", "reading"] == OPTIMISATION
    assert table.loc["shortcut=identity depth=56", "reading"] == NONE


@pytest.mark.parametrize(
    ("train", "test", "reading"),
    [
        ([10, 11, 12], [10, 11, 12], OPTIMISATION),
        ([10, 11, 12], [-1, 0, 1], OPTIMISATION),
        ([-0.1, 0, 0.1], [3, 3.1, 3.2], OVERFITTING),
        ([-20, 40, 30], [3, 3.1, 3.2], UNDECIDED),
        ([-0.1, 0, 0.1], [-0.1, 0, 0.1], NONE),
        ([-0.1, 0, 0.1], [-20, 40, 30], UNDECIDED),
        ([5], [5], UNDECIDED),
    ],
)
def test_reading_of_planted_gaps(train: list[float], test: list[float], reading: str) -> None:
    assert diagnose(compare(train), compare(test)) == reading


def test_the_text_of_the_page_shows_the_numbers_of_the_tables(report_folder: Path) -> None:
    page = (report_folder / "index.html").read_text()
    for _, row in pd.read_csv(report_folder / "tables" / "errors.csv").iterrows():
        mean, std = row["test_error_mean"], row["test_error_std"]
        text = f"{mean:.2f} ± {std:.2f}"
        assert text in page
        assert text in (report_folder / "report.md").read_text()


def hostile_table() -> Table:
    columns = (Column(HOSTILE, is_number=False), Column(HOSTILE, group=HOSTILE))
    return Table("t", HOSTILE, HOSTILE, columns, ((Entry(HOSTILE), Entry(HOSTILE)),) * 2, pd.DataFrame())


def test_latex_leaves_no_special_character_unescaped() -> None:
    text = latex.escape(HOSTILE)
    assert text.isascii() or set(text) - set(map(chr, range(128))) == set("Ünï") - {"n"}
    bare = re.sub(r"\\[a-zA-Z]+\{\}|\\[&%$#_{}]|\\ensuremath\{[^}]*\}|\\texttt\{U\+[0-9A-F]+\}|\{[-*\[\]]\}", "", text)
    assert not re.search(r"[\\&%$#_{}~^<>|\[\]\"*]", bare)
    assert "U+96EA" in text
    assert r"\input" not in text


def test_latex_tables_are_whole(report_folder: Path) -> None:
    files = sorted((report_folder / "tables").glob("*.tex"))
    assert len(files) == len(list((report_folder / "tables").glob("*.csv"))) >= 6
    for path in files:
        body = [line for line in path.read_text().splitlines() if not line.startswith("%")]
        columns = re.fullmatch(r"\\begin\{tabular\}\{([lr]+)\}", body[0])
        assert columns
        rows = [line for line in body if line.endswith(r"\\") and "multicolumn" not in line]
        assert all(len(re.findall(r"(?<!\\)&", row)) == len(columns[1]) - 1 for row in rows)
        assert body[-1] == r"\end{tabular}"
        assert {r"\toprule", r"\midrule", r"\bottomrule"} <= set(body)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_latex_compiles(report_folder: Path, tmp_path: Path) -> None:
    tables = [path.read_text() for path in sorted((report_folder / "tables").glob("*.tex"))] + [
        latex.to_latex(hostile_table())
    ]
    document = "\n\n".join(
        [r"\documentclass{article}\usepackage{booktabs}\begin{document}", *tables, r"\end{document}"]
    )
    (tmp_path / "all.tex").write_text(document)
    subprocess.run(["pdflatex", "-halt-on-error", "all.tex"], cwd=tmp_path, check=True, capture_output=True)


def test_markdown_tables_keep_their_shape() -> None:
    lines = markdown.to_markdown(hostile_table()).splitlines()
    assert len(lines) == 4
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)
    assert "<b>" not in "\n".join(lines)


@pytest.mark.parametrize("text", ["# no heading", "- no item", "1. no item", "a\nb", "*x* _y_ `z` [l](u) <i> a|b $m$"])
def test_markdown_shows_text_as_it_stands(text: str) -> None:
    escaped = markdown.escape(text)
    assert "\n" not in escaped
    assert not re.match(r"(#|-|\d+\.) ", escaped)
    assert not re.search(r"(?<!\\)[*_`\[|$]|<", escaped)


def test_missing_seeds_are_named(study: Study, records: Mapping[str, Record], tmp_path: Path) -> None:
    some = dict(list(records.items())[:7])
    folder = write_report(study, some, tmp_path / "partial", command="c").page.parent
    failures = pd.read_csv(folder / "tables" / "failures.csv")
    assert set(failures["outcome"]) == {"missing"}
    assert len(failures) == len(study.trials) - 7
    table = pd.read_csv(folder / "tables" / "errors.csv")
    assert table["n"].sum() == 7
    assert math.isnan(table.loc[table["n"] == 1, "test_error_std"].iloc[0])
