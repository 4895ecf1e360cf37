"""The page in a real browser: headless Chromium runs its JavaScript, at desktop and phone width."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ablate.records import Record

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium or Chrome on PATH to look at the page with")

FRAME = '<!doctype html><iframe style="border:0;width:{width}px;height:900px" srcdoc="{page}"></iframe>'
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-logging=stderr")


@pytest.fixture
def page(report_folder: Path) -> Path:
    return report_folder / "index.html"


def browse(page: Path, script: str, width: int = 1280) -> tuple[Any, list[str]]:
    """Open the page in a frame of this width, run the script's body there; what it returns, and console messages."""
    probe = f"<script>addEventListener('load', () => {{ const probed = (() => {{ {script} }})();"
    probe += " const pre = parent.document.createElement('pre'); pre.id = 'probe';"
    probe += " pre.textContent = JSON.stringify(probed);"
    probe += " parent.document.body.append(pre); console.log('probe ran'); });</script>"
    source = page.read_text().replace("</body>", f"{probe}</body>")
    outer = page.parent.parent / "frame.html"
    outer.write_text(FRAME.format(width=width, page=html.escape(source)))
    flags = [*FLAGS, f"--user-data-dir={outer.with_name('profile')}", f"--window-size={max(width, 600)},900"]
    command = [str(BROWSER), *flags, "--dump-dom", outer.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    probed = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert probed, f"the script did not end: {done.stderr[-2000:]}"
    console = re.findall(r"CONSOLE.*", done.stderr)
    assert "probe ran" in console.pop(), "the browser's console is not seen, so nothing is known of errors in it"
    return json.loads(html.unescape(probed[1])), console


def test_a_table_sorts_by_a_click_and_back(page: Path) -> None:
    script = """
    const table = document.getElementById('table-errors');
    const headings = [...table.querySelectorAll('thead tr:last-child th')];
    const test = headings.findIndex((heading) => heading.textContent.startsWith('test'));
    const column = (index) => [...table.tBodies[0].rows].map((row) => row.cells[index].firstChild.textContent);
    const orders = [column(0)];
    for (let click = 0; click < 3; click += 1) {
      headings[test].querySelector('button').click();
      orders.push(column(test).map(parseFloat), headings[test].ariaSort);
    }
    orders.push(column(0));
    headings[0].querySelector('button').click();
    orders.push(column(0));
    return orders;
    """
    orders, console = browse(page, script)
    before, up, rising, down, falling, _, unsorted, after, by_name = orders
    assert up == sorted(up)
    assert len(set(up)) > 3
    assert down == sorted(up, reverse=True)
    assert (rising, falling, unsorted) == ("ascending", "descending", "none")
    assert after == before
    assert by_name == [f"shortcut={s} depth={d}" for s in ("identity", "none") for d in (8, 20, 56)]
    assert console == []


def test_rows_without_a_number_stay_last(page: Path) -> None:
    script = """
    const table = document.getElementById('table-degradation');
    const button = table.querySelectorAll('thead tr:last-child button')[3];
    const gaps = () => [...table.tBodies[0].rows].map((row) => row.cells[3].firstChild?.textContent ?? '');
    const found = [];
    for (let click = 0; click < 2; click += 1) { button.click(); found.push(gaps()); }
    return found;
    """
    orders, _ = browse(page, script)
    for gaps in orders:
        assert gaps[-2:] == ["", ""]
        assert all(gaps[:-2])


def test_figures_enlarge_and_the_theme_switches(page: Path) -> None:
    script = """
    const lens = document.getElementById('lens');
    document.querySelector('#figure-depth button').click();
    const opened = [lens.open, lens.querySelector('svg').getAttribute('aria-label').slice(0, 15)];
    lens.querySelector('button').click();
    const colour = () => getComputedStyle(document.body).backgroundColor;
    const colours = [colour()];
    for (let click = 0; click < 2; click += 1) { document.getElementById('theme').click(); colours.push(colour()); }
    return [...opened, lens.open, ...colours];
    """
    (opened, label, closed, first, second, third), console = browse(page, script)
    assert (opened, closed) == (True, False)
    assert label == "training error,"
    assert first == third != second
    assert console == []


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_page_does_not_scroll_sideways(page: Path, width: int) -> None:
    script = """
    for (const details of document.querySelectorAll('details')) details.open = true;
    return [innerWidth, document.documentElement.scrollWidth, performance.getEntriesByType('resource').length];
    """
    (inner, scroll, requests), console = browse(page, script, width)
    assert inner == width
    assert scroll <= width
    assert requests == 0
    assert console == []


def test_text_can_be_read_in_both_themes(page: Path) -> None:
    """Contrast of text and verdict colours against their ground is at least 4.5, as WCAG 2.2 AA asks."""
    script = """
    const channels = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    const light = (colour) => channels(colour).reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (node) => {
      for (let at = node; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (colour !== 'rgba(0, 0, 0, 0)') return colour;
      }
      return 'rgb(255, 255, 255)';
    };
    const worst = [];
    for (const theme of ['light', 'dark']) {
      document.documentElement.dataset.theme = theme;
      for (const node of document.querySelectorAll('p, h1, h2, h3, a, dt, dd, td, th button, small, summary')) {
        const [a, b] = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5) worst.push([theme, node.className || node.tagName, contrast]);
      }
    }
    return worst;
    """
    worst, _ = browse(page, script)
    assert worst == []


def test_a_link_to_a_cell_opens_it(page: Path) -> None:
    script = """
    location.hash = '#cell-3';
    dispatchEvent(new Event('hashchange'));
    return [document.getElementById('cell-3').open, document.getElementById('cell-2').open];
    """
    assert browse(page, script)[0] == [True, False]


def test_every_figure_is_described(page: Path, records: Mapping[str, Record]) -> None:
    script = """
    const attributes = (svg) => [svg.getAttribute('role'), svg.getAttribute('aria-label')];
    return [...document.querySelectorAll('svg')].map(attributes);
    """
    figures, _ = browse(page, script)
    assert len(figures) >= 3 + 4
    assert all(role == "img" and len(label) > 20 for role, label in figures)
