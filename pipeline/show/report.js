// The report without this script is whole; with it, links open what is folded, tables sort, and stories are
// filtered by words that stand in the address.
"use strict";

const FILTER = "with=";

function reveal() {
  let wanted = null;
  try {
    wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return;
  }
  for (let at = wanted; at; at = at.parentElement) {
    if (at.tagName === "DETAILS") at.open = true;
  }
  if (wanted) wanted.scrollIntoView({ block: "start" });
}

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

const filter = document.querySelector(".filter");
const input = filter.querySelector("input");
const stories = [...document.querySelectorAll("details.story")];

function narrow() {
  const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const story of stories) {
    const text = story.textContent.toLocaleLowerCase();
    story.hidden = !words.every((word) => text.includes(word));
    left += story.hidden ? 0 : 1;
  }
  filter.querySelector("output").textContent = words.length ? `${left} of ${stories.length}` : "";
}

input.addEventListener("input", () => {
  narrow();
  // Of the address of a file a browser lets only what follows # be changed.
  history.replaceState(null, "", `#${FILTER}${encodeURIComponent(input.value)}`);
});
function filtered() {
  if (!location.hash.startsWith(`#${FILTER}`)) return;
  try {
    input.value = decodeURIComponent(location.hash.slice(1 + FILTER.length));
  } catch {
    return;
  }
  narrow();
  filter.scrollIntoView({ block: "start" });
}

filter.hidden = false;
narrow();
filtered();
addEventListener("hashchange", () => { filtered(); reveal(); });
reveal();
