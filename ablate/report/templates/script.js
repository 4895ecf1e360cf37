"use strict";

// Theme: follows the system until the reader chooses; the choice is kept where storage is allowed.
const root = document.documentElement;
const stored = (value) => {
  try {
    if (value === undefined) return localStorage.getItem("ablate-theme");
    localStorage.setItem("ablate-theme", value);
  } catch { /* pages opened from a file may have no storage */ }
  return null;
};
if (stored()) root.dataset.theme = stored();
document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  stored(root.dataset.theme);
});

// Tables: a click on a heading sorts by that column, a second click the other way round, a third as it was.
// What has no value stays last either way.
const key = (row, column) => {
  const { dataset, textContent } = row.cells[column];
  return dataset.key === undefined ? textContent : dataset.key === "" ? null : Number(dataset.key);
};
const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
const sorted = (rows, column, sign) => {
  const known = rows.filter((row) => key(row, column) !== null);
  const unknown = rows.filter((row) => key(row, column) === null);
  return [...known.sort((a, b) => sign * compare(key(a, column), key(b, column))), ...unknown];
};

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  const headings = [...table.querySelectorAll("thead tr:last-child th")];
  headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const next = { none: "ascending", ascending: "descending", descending: "none" }[heading.ariaSort];
    headings.forEach((other) => { other.ariaSort = "none"; });
    heading.ariaSort = next;
    body.append(...(next === "none" ? original : sorted(original, column, next === "ascending" ? 1 : -1)));
  }));
}

// Figures: a click enlarges; Escape, the cross or a click beside the figure closes.
const lens = document.getElementById("lens");
for (const button of document.querySelectorAll("button.zoom")) {
  button.addEventListener("click", () => {
    lens.querySelector("div").replaceChildren(button.querySelector("svg").cloneNode(true));
    lens.showModal();
  });
}
lens.addEventListener("click", (event) => { if (!event.target.closest("svg")) lens.close(); });

// A link to a cell opens it; printing opens everything.
const open = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", open);
open();
