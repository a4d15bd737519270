// The report without this script is whole; with it, links open what is folded, stories are filtered by words
// that stand in the address (`#with=`, by sort.js), and tables are printed unfolded.
"use strict";

function reveal() {
  let wanted = null;
  try {
    wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return;
  }
  for (let at = wanted; at; at = at.parentElement) {
    if (at.tagName === "DETAILS") at.open = true;
    at.hidden = false; // the filter's words may not be in it
  }
  if (wanted) wanted.scrollIntoView({ block: "start" });
}

const filter = document.querySelector(".filter");
const stories = [...document.querySelectorAll("details.story")];

function narrow(input) {
  const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const story of stories) {
    const text = story.textContent.toLocaleLowerCase();
    story.hidden = !words.every((word) => text.includes(word));
    left += story.hidden ? 0 : 1;
  }
  filter.querySelector("output").textContent = words.length ? `${left} of ${stories.length}` : "";
}

function filtered(input) {
  const words = kept().get("with");
  if (words === null || words === input.value) return;
  input.value = words;
  narrow(input);
  filter.scrollIntoView({ block: "start" });
}

if (filter) {
  const input = filter.querySelector("input");
  input.addEventListener("input", () => {
    narrow(input);
    keep("with", input.value);
  });
  filter.hidden = false;
  filtered(input);
  addEventListener("hashchange", () => filtered(input));
}
addEventListener("hashchange", reveal);
reveal();

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details.table:not([open])")];
  for (const one of folded) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of folded) one.open = false;
});
