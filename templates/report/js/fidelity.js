"use strict";
// ROC curves, efficiencies at trigger rates, and histograms of the fixed-point error.
(() => {
  const base = report.teacher ? "teacher" : "formulas";
  const shown = report.fidelity.find((s) => s.split === "test") ?? report.fidelity.at(-1);
  if (!shown) return;
  const INPUT_RATE_KHZ = 40000;
  const styles = () => ({
    teacher: { color: css("--teacher"), width: 3.2, dash: "solid" },
    formulas: { color: css("--formulas"), width: 1.8, dash: "dash" },
    design: { color: css("--design"), width: 2.2, dash: "solid" },
  });
  const classes = [...new Set(shown.roc.map((c) => c.positive))];
  // The curves to draw, each with its name and line: all classes show network and design only.
  function curves() {
    const wanted = byId("roc-class").value, colours = classColours(), line = styles();
    const chosen = shown.roc.filter((c) => (wanted ? c.positive === wanted : c.model === "design" || c.model === base));
    return chosen.map((c) => {
      const auc = shown.scores[c.model].auc[c.positive];
      const text = auc == null ? "" : ` (AUC ${auc.toFixed(3)})`;
      if (wanted) return { c, name: modelName[c.model] + text, line: line[c.model] };
      const colour = colours[classes.indexOf(c.positive) % colours.length];
      return { c, name: `${plain(c.positive)}, ${modelName[c.model]}${c.model === "design" ? text : ""}`, showlegend: c.model === "design",
               line: { color: colour, width: c.model === "design" ? 2.2 : 1.4, dash: c.model === "design" ? "solid" : "dot" } };
    });
  }
  const hint = () => (byId("roc-class").value ? [] : [{ text: "dotted: " + modelName[base], showarrow: false, x: 1, y: 0, xref: "paper", yref: "paper", xanchor: "right", yanchor: "bottom", font: { color: css("--dim"), size: 12 } }]);
  const legend = { x: 0.99, xanchor: "right", y: 0.06, yanchor: "bottom", orientation: "v", bgcolor: "rgba(0,0,0,0)", font: { size: 12 } };

  const roc = plot("plot-roc", () => {
    const log = checked("roc-axis") === "log";
    const data = curves().map(({ c, ...look }) => ({ ...look, type: "scatter", mode: "lines", x: c.false_positive, y: c.true_positive,
      hovertemplate: "background %{x:.3g}<br>signal %{y:.3f}<extra>%{fullData.name}</extra>" }));
    const chance = Array.from({ length: 81 }, (_, i) => 10 ** (-4 + i / 20));
    data.push({ type: "scatter", mode: "lines", x: chance, y: chance, line: { color: css("--line"), width: 1 }, hoverinfo: "skip", showlegend: false });
    return { data, layout: { annotations: hint(), legend: log ? { ...legend, x: 0.02, xanchor: "left", y: 0.99, yanchor: "top" } : legend,
      xaxis: { title: { text: "background let through" }, type: log ? "log" : "linear", range: log ? [-4, 0] : [0, 1], exponentformat: "power" },
      yaxis: { title: { text: "signal efficiency" }, range: [0, 1.01] } } };
  });
  const rate = plot("plot-rate", () => {
    const data = [], rates = [];
    for (const { c, ...look } of curves()) {
      const background = 10 / c.n_background;
      const kept = c.false_positive.map((f, i) => [f * INPUT_RATE_KHZ, c.true_positive[i], f]).filter((p) => p[2] >= background);
      rates.push(...kept.map((p) => p[0]));
      data.push({ ...look, showlegend: false, type: "scatter", mode: "lines", x: kept.map((p) => p[0]), y: kept.map((p) => p[1]),
                  hovertemplate: "%{x:.4g} kHz<br>signal %{y:.3f}<extra>%{fullData.name}</extra>" });
      const points = shown.working_points.filter((p) => p.model === c.model && p.positive === c.positive && p.fixed === "rate" && p.efficiency !== null);
      if (c.model === "design" || byId("roc-class").value)
        data.push({ name: look.name, showlegend: false, type: "scatter", mode: "markers", x: points.map((p) => p.rate_khz), y: points.map((p) => p.efficiency),
                    error_y: { type: "data", array: points.map((p) => p.error), thickness: 1, width: 2, color: look.line.color },
                    marker: { color: look.line.color, size: 7 }, hovertemplate: "%{x:.4g} kHz<br>signal %{y:.3f}<extra>%{fullData.name}</extra>" });
    }
    return { data, layout: { annotations: hint(),
      xaxis: { title: { text: "background rate [kHz] of 40 MHz" }, type: "log", ...(rates.length ? logTicks(rates) : {}) },
      yaxis: { title: { text: "signal efficiency" }, rangemode: "tozero" } } };
  });
  if (roc) {
    const redraw = () => { roc.draw(); rate.draw(); };
    byId("roc-class").addEventListener("change", redraw);
    for (const input of document.querySelectorAll('input[name="roc-axis"]')) input.addEventListener("change", redraw);
  }

  const histogram = (other) => () => {
    const e = shown.errors.find((h) => h.output === byId("error-output").value && h.subtrahend === other);
    if (!e) return { data: [], layout: {} };
    const width = (e.high - e.low) / e.counts.length;
    const x = e.counts.map((_, i) => e.low + (i + 0.5) * width);
    return { data: [{ type: "bar", x, y: e.counts, width: x.map(() => width), marker: { color: css(other === "formulas" ? "--formulas" : "--teacher") },
                      hovertemplate: "%{x:.4g}<br>%{y} rows<extra></extra>" }],
             layout: { showlegend: false, bargap: 0, xaxis: { title: { text: `design − ${modelName[other]}` } }, yaxis: { title: { text: "rows" } },
                       annotations: [{ text: `rms ${number(e.rms)}<br>largest ${number(e.largest)}`, showarrow: false, x: 1, y: 1, xref: "paper", yref: "paper",
                                       xanchor: "right", yanchor: "top", align: "right", font: { color: css("--dim"), size: 12 } }] } };
  };
  const errors = ["formulas", "teacher"].map((other) => plot("plot-error-" + other, histogram(other)));
  byId("error-output")?.addEventListener("change", () => errors.forEach((handle) => handle?.draw()));
})();
