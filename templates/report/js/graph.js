"use strict";
// The dataflow graph: laid out by dagre, drawn as SVG; a constant is shown inside the operation that reads it.
(() => {
  const place = byId("graph");
  if (!place) return;
  const NS = "http://www.w3.org/2000/svg";
  const MOST_AT_ONCE = 90;
  const { nodes } = report.program;
  const outputs = nodes.filter((n) => n.outputs.length);
  const picker = byId("graph-output");
  const drawn = nodes.filter((n) => n.op !== "constant" || n.outputs.length).length;
  const option = (value, text) => picker.append(new Option(text, value));
  option("all", `all ${drawn} operations`);
  if (outputs.length > 1) for (const n of outputs) option(String(n.id), n.outputs.join(", "));
  if (drawn > MOST_AT_ONCE && outputs.length > 1) picker.value = String(outputs[0].id);

  const readers = new Map();
  for (const n of nodes) for (const a of new Set(n.args)) readers.set(a, [...(readers.get(a) ?? []), n.id]);
  function reach(start, next) {
    const seen = new Set([start]), waiting = [start];
    while (waiting.length) for (const id of next(waiting.pop())) if (!seen.has(id)) { seen.add(id); waiting.push(id); }
    return seen;
  }
  const below = (id) => reach(id, (i) => nodes[i].args);
  const above = (id) => reach(id, (i) => readers.get(i) ?? []);
  const brief = (type) => type.replace(/^ap_u?fixed<(-?\d+),(-?\d+).*$/, (_, w, i) => `${type.startsWith("ap_u") ? "u" : ""}‹${w},${i}›`);
  const hidden = (id) => nodes[id].op === "constant" && !nodes[id].outputs.length;
  const signs = { add: "+", sub: "−", mul: "×", div: "÷" };
  // The formula of a table says more than its size; long constants say little.
  const brieflyComputed = (n) => short(n.origin.replace(/\d+\.\d{3,}/g, (m) => String(Number(Number(m).toPrecision(3)))).replace(/\+ -/g, "− "), 30);
  function text(n) {
    const constants = n.args.filter(hidden).map((a) => nodes[a].label);
    let label = n.op === "table" && n.origin ? brieflyComputed(n) : n.label;
    if (constants.length && signs[n.op]) label = n.args.length && hidden(n.args[0]) && n.op !== "mul" && n.op !== "add" ? `${constants[0]} ${signs[n.op]} x` : `${signs[n.op]} ${constants.join(" ")}`;
    else if (constants.length) label = `${n.label} ${constants.join(" ")}`;
    return short(label, 30) + (n.outputs.length && n.op !== "input" ? "  → " + short(n.outputs.join(", "), 18) : "");
  }
  const make = (name, attributes, parent) => {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent?.append(element);
    return element;
  };

  let zoom = 1, size = { width: 1, height: 1 };
  function scale(factor) {
    zoom = factor;
    const svg = place.querySelector("svg");
    svg.setAttribute("width", size.width * zoom);
    svg.setAttribute("height", size.height * zoom);
  }
  const fit = () => scale(Math.min(1, (place.clientWidth - 8) / size.width));

  function draw() {
    const shown = picker.value === "all" ? new Set(nodes.map((n) => n.id)) : below(Number(picker.value));
    const graph = new dagre.graphlib.Graph({ multigraph: true });
    graph.setGraph({ rankdir: "LR", nodesep: 9, ranksep: 34, edgesep: 6, marginx: 12, marginy: 12 });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const id of shown) {
      if (hidden(id)) continue;
      graph.setNode(String(id), { width: Math.max(38, 6.6 * text(nodes[id]).length + 18), height: 24 });
    }
    for (const id of shown)
      for (const [slot, a] of nodes[id].args.entries())
        if (!hidden(a)) graph.setEdge(String(a), String(id), { width: 5.6 * brief(nodes[a].type).length, height: 11, labelpos: "c" }, String(slot));
    dagre.layout(graph);
    size = graph.graph();
    const svg = make("svg", { viewBox: `0 0 ${size.width} ${size.height}`, xmlns: NS });
    const defs = make("defs", {}, svg);
    const marker = make("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" }, defs);
    make("path", { d: "M0,0.5 L8,4 L0,7.5 z", fill: "currentColor", opacity: 0.6 }, marker);
    const lines = make("g", {}, svg), labels = make("g", {}, svg), boxes = make("g", {}, svg);
    for (const e of graph.edges()) {
      const edge = graph.edge(e), p = edge.points;
      let d = `M${p[0].x},${p[0].y}`;
      for (let i = 1; i < p.length - 1; i++) d += ` Q${p[i].x},${p[i].y} ${(p[i].x + p[i + 1].x) / 2},${(p[i].y + p[i + 1].y) / 2}`;
      d += ` L${p.at(-1).x},${p.at(-1).y}`;
      make("path", { d, class: "edge", "marker-end": "url(#arrow)", "data-from": e.v, "data-to": e.w }, lines);
      const type = make("text", { x: edge.x, y: edge.y + 3, class: "type", "data-from": e.v, "data-to": e.w }, labels);
      type.textContent = brief(nodes[Number(e.v)].type);
    }
    for (const id of graph.nodes()) {
      const n = nodes[Number(id)], at = graph.node(id);
      const kind = n.outputs.length ? "output" : n.op;
      const g = make("g", { class: `node ${kind}`, tabindex: 0, role: "button", "data-id": id, transform: `translate(${at.x},${at.y})`, "aria-label": describe(n) }, boxes);
      make("rect", { x: -at.width / 2, y: -at.height / 2, width: at.width, height: at.height }, g);
      make("text", {}, g).textContent = text(n);
      make("title", {}, g).textContent = describe(n);
      g.addEventListener("focus", () => light(n.id));
      g.addEventListener("mouseenter", () => light(n.id));
      g.addEventListener("mouseleave", dim);
      g.addEventListener("blur", dim);
    }
    place.replaceChildren(svg);
    fit();
  }
  function describe(n) {
    const args = n.args.map((a) => `%${a}`).join(", ");
    return `%${n.id} = ${n.op} ${n.label}${args ? " of " + args : ""}: ${n.type}` + (n.origin ? `; computes ${n.origin}` : "") + (n.outputs.length ? `; output ${n.outputs.join(", ")}` : "");
  }
  function light(id) {
    const on = new Set([...below(id), ...above(id)]);
    place.classList.add("lit");
    for (const g of place.querySelectorAll(".node")) g.classList.toggle("on", on.has(Number(g.dataset.id)));
    for (const e of place.querySelectorAll("[data-from]")) e.classList.toggle("on", on.has(Number(e.dataset.from)) && on.has(Number(e.dataset.to)));
    byId("graph-detail").textContent = describe(nodes[id]);
  }
  function dim() {
    place.classList.remove("lit");
    for (const e of place.querySelectorAll(".on")) e.classList.remove("on");
  }
  picker.addEventListener("change", draw);
  byId("graph-in").addEventListener("click", () => scale(zoom * 1.25));
  byId("graph-out").addEventListener("click", () => scale(zoom / 1.25));
  byId("graph-fit").addEventListener("click", fit);
  // A layout of hundreds of operations takes a moment: only when it comes into view, or is printed.
  const once = new IntersectionObserver((entries) => { if (entries.some((e) => e.isIntersecting)) { once.disconnect(); draw(); } }, { rootMargin: "400px" });
  once.observe(place);
  window.addEventListener("beforeprint", () => { if (!place.firstChild) draw(); });
})();
