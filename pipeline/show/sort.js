// A table without this script is whole; with it, a click on a head sorts it by that column. The order stands
// in the address, `#sort=TABLE.COLUMN.up`, beside what others keep there.
"use strict";

const KEPT = /^#[a-z]+=/;

function kept() {
  return new URLSearchParams(KEPT.test(location.hash) ? location.hash.slice(1) : "");
}

function keep(name, value) {
  const all = kept();
  if (value) all.set(name, value);
  else all.delete(name);
  // Of the address of a file a browser lets only what follows # be changed.
  history.replaceState(null, "", `#${all}`);
}

function sort(table, column, ascending) {
  const heads = [...table.tHead.rows[0].cells];
  const text = (row) => row.cells[column].textContent.trim();
  const rows = [...table.tBodies[0].rows];
  const numeric = rows.every((row) => text(row) === "" || !Number.isNaN(Number(text(row).replaceAll(",", ""))));
  rows.sort((a, b) => numeric
    ? Number(text(a).replaceAll(",", "")) - Number(text(b).replaceAll(",", ""))
    : text(a).localeCompare(text(b)));
  if (!ascending) rows.reverse();
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", ascending ? "ascending" : "descending");
  table.tBodies[0].append(...rows);
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      sort(table, column, ascending);
      keep("sort", `${table.id}.${column}.${ascending ? "up" : "down"}`);
    });
    head.append(button);
  });
}

function sorted() {
  const [id, column, way] = (kept().get("sort") || "").split(".");
  const table = id && document.getElementById(id);
  if (!table || !table.matches("table.sortable") || !table.tHead.rows[0].cells[Number(column)]) return;
  sort(table, Number(column), way !== "down");
  for (let at = table; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  table.scrollIntoView({ block: "nearest" });
}

sorted();
addEventListener("hashchange", sorted);
