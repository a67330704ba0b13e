// Small things on every page: all hearts of an item beat together; Escape closes what was found.

const counter = document.getElementById("on-shelf");

document.body.addEventListener("shelf", ({ detail: { url, did, count } }) => {
  const liked = did === "like";
  for (const form of document.querySelectorAll("[data-heart]")) {
    if (form.dataset.heart !== url) continue;
    const button = form.querySelector("button");
    button.setAttribute("aria-pressed", liked);
    form.elements.kind.value = liked ? "unlike" : "like";
  }
  counter.textContent = count.toLocaleString("en");
  counter.hidden = count === 0;
});

// the rows of the shelf are made anew with each heart: a keyboard must not lose its place
let held = null;
document.body.addEventListener("htmx:before:swap", () => {
  held = document.activeElement?.closest("[data-heart]")?.dataset.heart ?? null;
});
document.body.addEventListener("htmx:after:swap", () => {
  if (held === null || document.activeElement !== document.body) return;
  const same = [...document.querySelectorAll("[data-heart]")].find((one) => one.dataset.heart === held);
  (same?.querySelector("button") ?? document.getElementById("shelf-rows"))?.focus();
});

// what was just done is told for a while, as long as nobody is about to undo it
const told = document.getElementById("told");
let leaving = 0;
const leave = () => {
  if (told.matches(":hover, :focus-within")) leaving = setTimeout(leave, 2000);
  else told.replaceChildren();
};
new MutationObserver(() => {
  clearTimeout(leaving);
  if (told.childElementCount) leaving = setTimeout(leave, 15000);
}).observe(told, { childList: true });

const found = document.getElementById("found");
const box = document.getElementById("q");
const close = () => found?.replaceChildren();

box?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
  if (event.key === "ArrowDown") {
    const first = found.querySelector("a");
    if (first) {
      event.preventDefault();
      first.focus();
    }
  }
});
found?.addEventListener("keydown", (event) => {
  const links = [...found.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") {
    close();
    box.focus();
  } else if (step) {
    event.preventDefault();
    (links[at + step] ?? (step < 0 ? box : links[0])).focus();
  }
});
document.addEventListener("click", (event) => {
  if (!event.target.closest(".find")) close();
});
