// A table without this script is whole; with it, a click on a head sorts it by that column.
"use strict";

function sort(table, column, button) {
  const body = table.tBodies[0];
  const ascending = button.getAttribute("aria-sort") !== "ascending";
  const text = (row) => row.cells[column].textContent.trim();
  const rows = [...body.rows];
  const numeric = rows.every((row) => text(row) === "" || !Number.isNaN(Number(text(row).replaceAll(",", ""))));
  rows.sort((a, b) => numeric
    ? Number(text(a).replaceAll(",", "")) - Number(text(b).replaceAll(",", ""))
    : text(a).localeCompare(text(b)));
  if (!ascending) rows.reverse();
  for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
  button.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  body.append(...rows);
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, column, head));
    head.append(button);
  });
}
