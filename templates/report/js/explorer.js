"use strict";
// Sorts, filters and compares the designs of the page.
(() => {
  const { entries, score_name: quality } = report;
  const table = byId("designs").tBodies[0];
  const rows = [...table.rows];
  const budgets = [...document.querySelectorAll("[data-budget]")];
  let order = []; // designs side by side, the one chosen first first

  // A design whose figure is not known cannot be said to keep a budget.
  const keeps = (entry) => budgets.every((input) => {
    if (input.value === "") return true;
    const value = entry[input.dataset.budget], limit = Number(input.value);
    return value !== null && (input.dataset.budget === "score" ? value >= limit : value <= limit);
  });
  const kept = () => entries.map((entry, i) => ({ entry, i })).filter(({ entry }) => keeps(entry));

  const handle = plot("plot-designs", () => {
    const x = checked("against");
    const usable = kept().filter(({ entry }) => entry[x] !== null && entry.score !== null);
    const formulas = (entry) => entry.formulas.map((line) => "<br>" + plain(short(rounded(line), 92))).join("");
    const chosen = new Set(order);
    return { data: [{ type: "scatter", mode: "markers", x: usable.map(({ entry }) => entry[x]), y: usable.map(({ entry }) => entry.score),
                      customdata: usable.map(({ i }) => i), hoverinfo: "text",
                      hovertext: usable.map(({ entry }) => `<b>${plain(entry.name)}</b><br>${quality} ${number(entry.score)} · ${number(entry.lut)} LUT (${plain(entry.origin)}) · ${number(entry.latency_ns)} ns · ${number(entry.nodes)} nodes${formulas(entry)}`),
                      marker: { color: css("--design"), size: usable.map(({ i }) => (chosen.has(i) ? 17 : 10)), symbol: usable.map(({ i }) => (chosen.has(i) ? "star" : "circle")), line: { color: css("--card"), width: 1 } } }],
             layout: { showlegend: false, xaxis: { title: { text: x === "lut" ? "LUT" : "nodes of all printed formulas" }, type: "log", ...(usable.length ? logTicks(usable.map(({ entry }) => entry[x])) : {}) }, yaxis: { title: { text: quality } } } };
  });
  steppable(handle, () => entries.length, (i) => rows.forEach((row) => row.classList.toggle("design", Number(row.dataset.index) === i)));
  handle.place.on("plotly_click", (event) => toggle(event.points[0].customdata));

  for (const input of document.querySelectorAll('input[name="against"]')) input.addEventListener("change", handle.draw);
  // Without a single figure the axes would say nothing.
  handle.place.hidden = entries.every((entry) => entry.lut === null || entry.score === null);

  function filter() {
    const there = new Set(kept().map(({ i }) => i));
    for (const row of rows) row.hidden = !there.has(Number(row.dataset.index));
    byId("shown").textContent = `${there.size} of ${entries.length} shown`;
    handle.draw();
  }
  for (const input of budgets) input.addEventListener("input", filter);
  byId("clear").addEventListener("click", () => { for (const input of budgets) input.value = ""; filter(); });

  for (const button of document.querySelectorAll("[data-sort]"))
    button.addEventListener("click", () => {
      const key = button.dataset.sort, head = button.closest("th");
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentElement.cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = (row) => entries[Number(row.dataset.index)][key];
      const missing = (v) => v === null || v === undefined;
      rows.sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (missing(x) || missing(y)) return missing(x) - missing(y);
        return (up ? 1 : -1) * (typeof x === "string" ? x.localeCompare(y) : x - y);
      });
      table.append(...rows);
    });

  const boxes = [...document.querySelectorAll("[data-compare]")];
  function toggle(i) { const box = boxes[i]; box.checked = !box.checked; box.dispatchEvent(new Event("change")); }
  for (const box of boxes)
    box.addEventListener("change", () => {
      const i = Number(box.dataset.compare);
      order = box.checked ? [...order, i].slice(-2) : order.filter((j) => j !== i);
      for (const other of boxes) other.checked = order.includes(Number(other.dataset.compare));
      byId("sides").replaceChildren(...order.map((j) => byId("side-" + j).content.cloneNode(true)));
      byId("comparison").hidden = !order.length;
      handle.draw();
    });
  filter();
})();
