// On every page: all hearts of an item change together; Escape closes the search results.

const counter = document.getElementById("shelf-count");

document.body.addEventListener("shelf", ({ detail: { url, did, count } }) => {
  const liked = did === "like";
  for (const form of document.querySelectorAll("[data-like]")) {
    if (form.dataset.like !== url) continue;
    const button = form.querySelector("button");
    button.setAttribute("aria-pressed", liked);
    form.elements.kind.value = liked ? "unlike" : "like";
  }
  counter.textContent = count.toLocaleString("en");
  counter.hidden = count === 0;
});

// a picture that can't be loaded is removed: the placeholder below it is shown
const removeDead = (picture) => {
  if (picture instanceof HTMLImageElement && picture.closest(".thumbnail")) picture.remove();
};
document.addEventListener("error", ({ target }) => removeDead(target), true);
for (const picture of document.querySelectorAll(".thumbnail img")) {
  // it failed before this script ran
  if (picture.complete && picture.currentSrc && !picture.naturalWidth) removeDead(picture);
}

// each like replaces the rows of the shelf: keep the keyboard focus on the same heart
let focused = null;
document.body.addEventListener("htmx:before:swap", () => {
  focused = document.activeElement?.closest("[data-like]")?.dataset.like ?? null;
});
document.body.addEventListener("htmx:after:swap", () => {
  if (focused === null || document.activeElement !== document.body) return;
  const same = [...document.querySelectorAll("[data-like]")].find((form) => form.dataset.like === focused);
  (same?.querySelector("button") ?? document.getElementById("shelf-rows"))?.focus();
});

// a toast disappears after a while, unless the pointer or the focus is on it
const toasts = document.getElementById("toasts");
let timer = 0;
const dismiss = () => {
  if (toasts.matches(":hover, :focus-within")) timer = setTimeout(dismiss, 2000);
  else toasts.replaceChildren();
};
new MutationObserver(() => {
  clearTimeout(timer);
  if (toasts.childElementCount) timer = setTimeout(dismiss, 15000);
}).observe(toasts, { childList: true });

const results = document.getElementById("search-results");
const box = document.getElementById("q");
const close = () => results?.replaceChildren();

box?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
  if (event.key === "ArrowDown") {
    const first = results.querySelector("a");
    if (first) {
      event.preventDefault();
      first.focus();
    }
  }
});
results?.addEventListener("keydown", (event) => {
  const links = [...results.querySelectorAll("a")];
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
  if (!event.target.closest(".search-box")) close();
});
