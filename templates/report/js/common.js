"use strict";
// What the other scripts share: the report's data, the colours of the theme, and plots that follow it.
const report = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Plotly reads <b>, <br> and the like in labels: names of the user's are shown as they are.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const short = (text, n) => (text.length > n ? text.slice(0, n - 1) + "…" : text);
const number = (x) => {
  if (x === null || x === undefined) return "–";
  if (Number.isInteger(x)) return x.toLocaleString("en-US").replace(/,/g, "\u202f");
  return Math.abs(x) >= 1e5 || Math.abs(x) < 1e-3 ? x.toExponential(2) : String(Number(x.toPrecision(4)));
};
// Constants of a formula with four digits; all of them are in the tables.
const rounded = (text) => text.replace(/(?<![\w.])\d+\.\d{4,}(e[-+]?\d+)?/gi, (m) => String(Number(Number(m).toPrecision(4))));
const modelName = { teacher: "network", formulas: "formulas", design: "design" };
const classColours = () => [0, 1, 2, 3, 4, 5, 6, 7].map((i) => css("--c" + i));
const checked = (name) => document.querySelector(`input[name="${name}"]:checked`).value;

// Labels at every decade of a logarithmic axis; at 2 and 5 as well where it spans less than two.
function logTicks(values) {
  const low = Math.min(...values.filter((v) => v > 0)), high = Math.max(...values);
  const steps = high / low < 100 ? [1, 2, 5] : [1];
  const tickvals = [];
  for (let decade = Math.floor(Math.log10(low)) - 1; decade <= Math.ceil(Math.log10(high)); decade++)
    for (const step of steps) tickvals.push(step * 10 ** decade);
  return { tickmode: "array", tickvals, ticktext: tickvals.map(number) };
}

const plots = [];
// Register a plot: make() returns {data, layout}; it is drawn now and whenever the theme changes.
function plot(id, make) {
  const place = byId(id);
  if (!place) return null;
  const merged = (axis, own) => ({ ...axis, ...own, title: { ...axis.title, ...own?.title } });
  const draw = () => {
    const made = make();
    const axis = { gridcolor: css("--line"), zerolinecolor: css("--line"), linecolor: css("--dim"), automargin: true, title: { standoff: 10, font: { size: 13 } } };
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest",
      font: { family: 'system-ui, "Segoe UI", Roboto, sans-serif', size: 13, color: css("--ink") },
      margin: { l: 62, r: 16, t: 14, b: 52 },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      hoverlabel: { bgcolor: css("--card"), bordercolor: css("--dim"), font: { color: css("--ink"), size: 12.5 }, align: "left" },
      ...made.layout,
      xaxis: merged(axis, made.layout.xaxis), yaxis: merged(axis, made.layout.yaxis),
    };
    const config = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
    return Plotly.react(place, made.data, layout, config);
  };
  plots.push(draw);
  draw();
  return { place, draw };
}

// Let the arrow keys step through the points of a plot, as hovering does, and tell what the point is.
function steppable(handle, count, show) {
  if (!handle) return;
  let at = -1;
  handle.place.on("plotly_hover", (event) => show(event.points[0].customdata));
  handle.place.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step || !count()) return;
    event.preventDefault();
    at = (at + step + count()) % count();
    for (const [curve, trace] of handle.place.data.entries()) {
      const point = (trace.customdata || []).indexOf(at);
      if (point >= 0) Plotly.Fx.hover(handle.place, [{ curveNumber: curve, pointNumber: point }]);
    }
    show(at);
  });
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  plots.forEach((draw) => draw());
}
const darkWanted = window.matchMedia("(prefers-color-scheme: dark)");
document.documentElement.dataset.theme = darkWanted.matches ? "dark" : "light";
darkWanted.addEventListener("change", (event) => setTheme(event.matches ? "dark" : "light"));
byId("theme").addEventListener("click", () =>
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
// Paper is white.
let before = "light";
window.addEventListener("beforeprint", () => { before = document.documentElement.dataset.theme; setTheme("light"); });
window.addEventListener("afterprint", () => setTheme(before));

// Mark the section in view in the bar at the top.
const links = new Map([...document.querySelectorAll("nav.top a[href^='#']")].map((a) => [a.hash.slice(1), a]));
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    links.forEach((a) => a.classList.remove("here"));
    links.get(entry.target.id)?.classList.add("here");
  }
}, { rootMargin: "-15% 0px -75% 0px" });
document.querySelectorAll("main section").forEach((section) => watcher.observe(section));
