"use strict";
// Designs considered, and the search front of each output.
(() => {
  // Two lines naming something and one for each formula, as text.
  function tell(place, head, lines) {
    place.replaceChildren();
    const title = document.createElement("b");
    title.textContent = head;
    place.append(title);
    for (const line of lines) {
      const row = document.createElement("span");
      row.className = "f";
      row.textContent = line;
      place.append(row);
    }
  }
  const designs = report.designs;
  const quality = { score: report.score_name,
                    fidelity: report.task.kind === "classification" ? "agreement with the network" : "R² to the network" };
  const costs = { lut: "LUT", nodes: "nodes of all printed formulas", latency_ns: "latency [ns]" };
  const units = { lut: "LUT", nodes: "nodes", latency_ns: "ns" };
  // Nodes are counted, the others are figures that say where they come from.
  const cost = (d, x) => (x === "nodes" ? d.nodes : d[x] && d[x].value);
  const known = (d, x) => cost(d, x) !== null && cost(d, x) !== undefined;
  const formulas = (d) => Object.entries(d.formulas).map(([name, text]) => `${name} = ${rounded(text)}`);

  const handle = plot("plot-designs", () => {
    const x = checked("front-x"), y = checked("front-y");
    const usable = designs.map((d, i) => ({ d, i })).filter(({ d }) => known(d, x) && d[y] !== null);
    const group = (name, chosen, marker) => {
      const own = usable.filter(({ d }) => chosen(d));
      const text = own.map(({ d }) =>
        `<b>${plain(d.name)}</b><br>${quality[y]} ${number(d[y])} (${plain(d.split)}) · ${number(cost(d, x))} ${units[x]}` +
        (x === "nodes" ? "" : `<br><i>${plain(short(d[x].origin + ": " + d[x].source, 90))}</i>`) +
        formulas(d).slice(0, 8).map((line) => "<br>" + plain(short(line, 92))).join(""));
      return { name, type: "scatter", mode: "markers", x: own.map(({ d }) => cost(d, x)), y: own.map(({ d }) => d[y]),
               customdata: own.map(({ i }) => i), hovertext: text, hoverinfo: "text", marker };
    };
    const best = [];
    for (const { d } of usable.filter(({ d }) => d.subject === "design").sort((a, b) => cost(a.d, x) - cost(b.d, x) || b.d[y] - a.d[y]))
      if (!best.length || d[y] > best.at(-1)[y]) best.push(d);
    const edge = { color: css("--card"), width: 1 };
    const data = [
      { name: "Pareto front", type: "scatter", mode: "lines", x: best.map((d) => cost(d, x)), y: best.map((d) => d[y]),
        line: { color: css("--design"), width: 1.5, shape: "hv" }, hoverinfo: "skip", showlegend: best.length > 1 },
      group("designs", (d) => d.subject === "design" && !d.chosen, { color: css("--design"), size: 9, opacity: 0.75, line: edge }),
      group("chosen", (d) => d.chosen, { color: css("--design"), size: 19, symbol: "star", line: { color: css("--ink"), width: 1 } }),
      group("network", (d) => d.subject === "network", { color: css("--teacher"), size: 13, symbol: "square", line: edge }),
      group("others", (d) => d.subject === "other", { color: css("--other"), size: 11, symbol: "diamond-open" }),
    ].filter((trace) => trace.x.length);
    return { data, layout: {
      xaxis: { title: { text: costs[x] }, type: x === "latency_ns" ? "linear" : "log", rangemode: "tozero", ...(x !== "latency_ns" && usable.length ? logTicks(usable.map(({ d }) => cost(d, x))) : {}) },
      yaxis: { title: { text: quality[y] } } } };
  });
  const showDesign = (i) => {
    const d = designs[i];
    if (!d) return;
    const paid = ["lut", "latency_ns"].filter((k) => d[k]).map((k) => `${number(d[k].value)} ${units[k]} (${d[k].origin})`);
    if (known(d, "nodes")) paid.push(`${number(d.nodes)} nodes`);
    tell(byId("design-detail"), `${d.name}${d.chosen ? ", chosen" : ""}: ${quality.score} ${number(d.score)} on ${d.split}, ${paid.join(", ")}`, formulas(d));
  };
  if (handle) {
    for (const input of document.querySelectorAll('input[name="front-x"], input[name="front-y"]')) input.addEventListener("change", handle.draw);
    steppable(handle, () => designs.length, showDesign);
    showDesign(Math.max(0, designs.findIndex((d) => d.chosen)));
  }

  const current = () => report.fronts[Number(byId("front-output").value)];
  const front = plot("plot-fronts", () => {
    const { candidates, cost, loss } = current();
    byId("front-loss").textContent = loss;
    const positive = candidates.every((c) => c.loss > 0);
    const marker = { size: candidates.map((c) => (c.chosen ? 18 : 9)), symbol: candidates.map((c) => (c.chosen ? "star" : "circle")),
                     color: css("--formulas"), line: { color: css("--card"), width: 1 } };
    return { data: [{ type: "scatter", mode: "lines+markers", x: candidates.map((c) => c.cost), y: candidates.map((c) => c.loss), marker,
                      line: { color: css("--formulas"), width: 1.2, shape: "hv" }, customdata: candidates.map((_, i) => i), hoverinfo: "text",
                      hovertext: candidates.map((c) => `loss ${number(c.loss)} · cost ${number(c.cost)}${c.engine ? " · " + plain(c.engine) : ""}<br>${plain(short(rounded(c.formula), 110))}`) }],
             layout: { showlegend: false, xaxis: { title: { text: plain(cost) }, rangemode: "tozero" },
                       yaxis: { title: { text: "loss" }, type: positive ? "log" : "linear", exponentformat: "power", ...(positive ? logTicks(candidates.map((c) => c.loss)) : {}) } } };
  });
  const showCandidate = (i) => {
    const c = current().candidates[i];
    if (c) tell(byId("front-detail"), `${current().output}: loss ${number(c.loss)}, cost ${number(c.cost)}${c.chosen ? ", chosen" : ""}`, [rounded(c.formula)]);
  };
  if (front) {
    const reset = () => showCandidate(Math.max(0, current().candidates.findIndex((c) => c.chosen)));
    byId("front-output").addEventListener("change", () => { front.draw(); reset(); });
    steppable(front, () => current().candidates.length, showCandidate);
    reset();
  }
})();
