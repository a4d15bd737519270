// A chart without this script is whole; with it, a pointer that rests on a part is told what it says.
"use strict";

for (const part of document.querySelectorAll("svg.chart a[aria-label]")) {
  if (part.querySelector("title")) continue;
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = part.getAttribute("aria-label");
  part.prepend(title);
}
