// The item map: a canvas with a point for each item; drag, zoom, point, or use the keyboard.

const frame = document.querySelector(".map");
const canvas = frame.querySelector("canvas");
const card = document.getElementById("map-card");
const label = document.getElementById("map-name");
const context = canvas.getContext("2d");

const REACH = 18; // maximum distance of a point from the pointer, in pixels
const view = { x: 0, y: 0, zoom: 1 };
let points = [];
let chosen = -1;
let drawing = 0;

const side = () => Math.min(canvas.clientWidth, canvas.clientHeight) / 2 - 24;
const scale = () => side() * view.zoom;
const place = (point) => [
  canvas.clientWidth / 2 + (point.x - view.x) * scale(),
  canvas.clientHeight / 2 + (point.y - view.y) * scale(),
];
const radius = (point) => (1.4 + 4.2 * point.weight) * Math.min(2.4, view.zoom ** 0.4);

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => ({ dark: true, light: false })[document.documentElement.dataset.theme] ?? dark.matches;

function later() {
  drawing ||= requestAnimationFrame(draw);
}

function draw() {
  drawing = 0;
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const light = isDark() ? "68%" : "44%";
  const shown = [];
  for (const point of points) {
    const [x, y] = place(point);
    if (x < -20 || y < -20 || x > width + 20 || y > height + 20) continue;
    shown.push([point, x, y]);
    context.fillStyle = `hsl(${point.hue} ${point.strong}% ${light} / .82)`;
    context.beginPath();
    context.arc(x, y, radius(point), 0, 7);
    context.fill();
  }
  drawNames(shown, style, width);
  mark(style);
}

// names of the largest points, without overlaps
function drawNames(shown, style, width) {
  context.font = `600 12px ${style.fontFamily}`;
  context.textAlign = "center";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = style.backgroundColor;
  context.fillStyle = style.color;
  const taken = [];
  for (const [point, x, y] of shown) {
    if (taken.length > 22) break;
    const text = point.name.length > 24 ? `${point.name.slice(0, 23)}…` : point.name;
    const half = context.measureText(text).width / 2 + 8;
    const at = y - radius(point) - 5;
    if (x - half < 0 || x + half > width || at < 14) continue;
    if (taken.some(([a, b, h]) => Math.abs(a - x) < h + half && Math.abs(b - at) < 24)) continue;
    taken.push([x, at, half]);
    context.strokeText(text, x, at);
    context.fillText(text, x, at);
  }
}

function mark(style) {
  if (chosen < 0) return;
  const [x, y] = place(points[chosen]);
  context.strokeStyle = style.color;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, radius(points[chosen]) + 5, 0, 7);
  context.stroke();
}

function nearest(x, y, reach) {
  let best = -1;
  let least = reach * reach;
  points.forEach((point, at) => {
    const [a, b] = place(point);
    const far = (a - x) ** 2 + (b - y) ** 2;
    if (far < least) [best, least] = [at, far];
  });
  return best;
}

let waiting = 0;
function choose(at) {
  if (at === chosen) return;
  chosen = at;
  later();
  clearTimeout(waiting);
  if (at < 0) return;
  label.textContent = points[at].name;
  waiting = setTimeout(() => {
    window.htmx.ajax("GET", `/card?${new URLSearchParams({ id: points[at].id })}`, { target: card, swap: "innerHTML" });
  }, 120);
}

function zoom(by, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const before = scale();
  view.zoom = Math.min(60, Math.max(0.8, view.zoom * by));
  // the point below the pointer stays in place
  view.x += (x - canvas.clientWidth / 2) * (1 / before - 1 / scale());
  view.y += (y - canvas.clientHeight / 2) * (1 / before - 1 / scale());
  later();
}

function move(x, y) {
  view.x = Math.min(1.2, Math.max(-1.2, view.x - x / scale()));
  view.y = Math.min(1.2, Math.max(-1.2, view.y - y / scale()));
  later();
}

function all() {
  Object.assign(view, { x: 0, y: 0, zoom: 1 });
  later();
}

const open = (at) => {
  if (at >= 0) location.href = `/item?${new URLSearchParams({ id: points[at].id })}`;
};

// --- pointers: one drags, two pinch; one that does not move opens

const down = new Map();
let traveled = 0;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  down.set(event.pointerId, [event.offsetX, event.offsetY]);
  traveled = 0;
});
canvas.addEventListener("pointermove", (event) => {
  const { offsetX: x, offsetY: y, pointerId } = event;
  const before = down.get(pointerId);
  if (!before) {
    choose(nearest(x, y, REACH));
    return;
  }
  const other = [...down].find(([id]) => id !== pointerId)?.[1];
  if (other) {
    const gap = ([a, b]) => Math.hypot(a - other[0], b - other[1]) || 1;
    zoom(gap([x, y]) / gap(before), (x + other[0]) / 2, (y + other[1]) / 2);
  } else {
    move(x - before[0], y - before[1]);
  }
  traveled += Math.hypot(x - before[0], y - before[1]);
  down.set(pointerId, [x, y]);
});
canvas.addEventListener("pointerup", (event) => {
  if (down.delete(event.pointerId) && traveled < 4) {
    const at = nearest(event.offsetX, event.offsetY, REACH);
    if (event.pointerType === "mouse") open(at);
    else choose(at); // touch has no hover: the card is a link
  }
});
canvas.addEventListener("pointercancel", (event) => down.delete(event.pointerId));
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    zoom(Math.exp(-Math.sign(event.deltaY) * 0.18), event.offsetX, event.offsetY);
  },
  { passive: false },
);

// --- keys and buttons

const middle = () => nearest(canvas.clientWidth / 2, canvas.clientHeight / 2, Infinity);
const walk = (x, y) => {
  move(x * 60, y * 60);
  choose(middle());
};
const keys = {
  ArrowLeft: () => walk(1, 0),
  ArrowRight: () => walk(-1, 0),
  ArrowUp: () => walk(0, 1),
  ArrowDown: () => walk(0, -1),
  "+": () => zoom(1.3),
  "=": () => zoom(1.3),
  "-": () => zoom(1 / 1.3),
  0: all,
  Enter: () => open(chosen < 0 ? middle() : chosen),
};
canvas.addEventListener("keydown", (event) => {
  if (!(event.key in keys) || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  keys[event.key]();
});
const buttons = { in: () => zoom(1.5), out: () => zoom(1 / 1.5), all };
for (const point of frame.querySelectorAll("[data-action]")) {
  point.addEventListener("click", buttons[point.dataset.action]);
}

// --- load the points

new ResizeObserver(later).observe(canvas);
new MutationObserver(later).observe(document.documentElement, { attributeFilter: ["data-theme"] });
dark.addEventListener("change", later);

frame.hidden = false;
frame.setAttribute("aria-busy", "true");
const columns = await (await fetch("/map/items")).json();
const most = Math.max(1, ...columns.likes);
points = columns.id.map((id, at) => {
  const [x, y] = [columns.x[at] / 1e4, columns.y[at] / 1e4];
  return {
    id,
    name: columns.name[at],
    x,
    y,
    weight: Math.sqrt(columns.likes[at] / most),
    hue: Math.round((Math.atan2(y, x) / Math.PI) * 180 + 360) % 360,
    strong: Math.round(30 + 45 * Math.min(1, Math.hypot(x, y) * 1.3)),
  };
});
frame.removeAttribute("aria-busy");
const wanted = new URLSearchParams(location.search).get("id");
const at = points.findIndex((point) => point.id === wanted);
if (at >= 0) {
  Object.assign(view, { x: points[at].x, y: points[at].y, zoom: 5 });
  choose(at);
}
later();
