// The report without this script is whole; with it, links open what is folded, and stories are filtered by
// words that stand in the address.
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
