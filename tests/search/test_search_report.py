"""What plan and report say of a search."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from played_searches import CreateStudy, create_record, far_from, play

from ablate.cli.search import search_cost, search_rows
from ablate.records import Record
from ablate.report import write_report
from ablate.search import decide


def test_the_report_shows_every_setting_and_those_chosen(create_study: CreateStudy, tmp_path: Path) -> None:
    records: dict[str, Record] = {}
    study, searches = play(create_study("search.scheduler=asha"), far_from(0.03), records)
    final = {trial.id: create_record(trial, far_from(0.03)(trial)) for trial in study.trials}
    written = write_report(study, final, tmp_path / "report", command="ablate report study.yaml", searches=searches)
    assert (written.num_recorded, written.num_trials) == (4, 4)
    frame = pd.read_csv(tmp_path / "report" / "tables" / "search.csv")
    assert len(frame) == 24
    assert set(frame["trial"]) == set(records)
    for cell, rows in frame.groupby("cell"):
        best = rows.loc[rows["val_error"].idxmin()]
        assert rows["chosen"].sum() == 1
        assert best["chosen"]
        assert next(c for c in study.cells if c.name == cell).train.lr == best["train.lr"]
    stopped = frame[frame["outcome"] == "stopped"]
    assert len(stopped)
    assert stopped["val_error"].isna().all()
    page = (tmp_path / "report" / "index.html").read_text()
    assert "12 settings, by random search with successive halving (ASHA)" in page


def test_a_study_without_a_search_has_no_such_table(create_study: CreateStudy, tmp_path: Path) -> None:
    study = create_study("search=null")
    write_report(study, {}, tmp_path / "report", command="ablate report study.yaml")
    assert not (tmp_path / "report" / "tables" / "search.csv").exists()
    assert "Chosen settings" not in (tmp_path / "report" / "index.html").read_text()


def test_the_plan_counts_what_is_still_to_be_tried(create_study: CreateStudy) -> None:
    study = create_study("search.algorithm=optuna")
    _, searches = decide(study, {}.get)
    assert search_cost(searches)["pending"] == 24
    assert search_cost(searches)["device_seconds"] is None
    records: dict[str, Record] = {}
    tried = [sampled.trial for one in searches for sampled in one.sampled]
    assert len(tried) == 8  # four in each cell, the others follow from them
    records |= {trial.id: create_record(trial, far_from(0.03)(trial)) for trial in tried}
    _, searches = decide(study, records.get)
    assert [row["tried"] for row in search_rows(searches)] == [4, 4]
    assert search_cost(searches)["pending"] == 16
    assert search_cost(searches)["device_seconds"] == 16.0  # a second each, as recorded
