"""What a result comes to in a few lines: the cards at the top of the page, the head of the Markdown."""

from dataclasses import dataclass

from sr2hls.objectives import RARE
from sr2hls.report.format import number, ratio, score_name, shown_split
from sr2hls.report.hardware import Comparison, FigureKey, HardwareFigure, HardwareRow, Subject
from sr2hls.report.judgement import CIRCUIT, NETWORK, Signal
from sr2hls.report.model import Report


@dataclass(frozen=True, slots=True)
class Card:
    """One figure with what it means."""

    label: str
    value: str
    unit: str
    detail: str
    figure: HardwareFigure | None = None


def subtitle(report: Report) -> str:
    """Return one sentence on what was made from what."""
    n, outputs = len(report.data.features), report.task.outputs
    what = f"{len(outputs)} classes" if report.task.kind == "classification" else f"{len(outputs)} outputs"
    if report.task.kind == "classification" and len(outputs) == 1:
        what = f"a yes-or-no decision ({outputs[0]})"
    parts = [f"{n} features to {what}"]
    if report.teacher is not None:
        parts[0] += f", distilled from {report.teacher.file}"
    if report.teacher is not None and report.teacher.n_parameters:
        parts.append(f"{number(report.teacher.n_parameters)} parameters")
    part = next((r.part for r in report.hardware if r.subject is Subject.DESIGN and r.part), None)
    if part:
        parts.append(f"for {part}")
    options = report.run.options
    clock = options.get("clock_ns", options.get("target.clock_ns"))  # the second in reports of before
    if part and isinstance(clock, int | float):
        late = _late(report)
        missed = ""
        if late is not None:
            missed = f" (not met: the longest path takes {number(late.value)} ns, {late.origin.value})"
        parts.append(f"clock {clock:g} ns{missed}")
    return ", ".join(parts) + "."


def cards(report: Report) -> list[Card]:
    """Return the figures that matter most, those that are known."""
    what = "Decision" if report.task.kind == "classification" else "Output"
    same = [Card(what, "always the same", "", sentence) for sentence in report.same]
    found = [*same, _clock(report), *_qualities(report), *_hardware(report), _verification(report)]
    return [card for card in found if card is not None]


def headline(report: Report) -> Comparison | None:
    """Return the comparison that the summary quotes: with the smallest network that is at least as good.

    With several networks (4, 6, 8 bits) by the same tool, that one is the fairest; where none is as good, the
    one that needs the fewest LUTs.
    """

    def rank(comparison: Comparison) -> tuple[bool, float]:
        design, network = (_score(report, label) for label in (comparison.design, comparison.network))
        worse = design is not None and network is not None and network < design
        found = (r.network for r in comparison.ratios if r.figure is FigureKey.LUT)
        return worse, next(found, float("inf"))

    return min(report.comparisons, key=rank, default=None)


def _score(report: Report, label: str) -> float | None:
    """Return the accuracy or R² of a row of figures."""
    return next((row.accuracy for row in report.hardware if row.label == label), None)


def _scores(report: Report, best: Comparison | None) -> str:
    """Return both scores of a comparison, where both are known: a ratio at unequal scores says so."""
    if best is None:
        return ""
    design, network = _score(report, best.design), _score(report, best.network)
    if design is None or network is None:
        return ""
    return f"{score_name(report)} {network:.4f} beside {design:.4f}"


def _qualities(report: Report) -> list[Card | None]:
    """Return what the design was judged by; of a rare signal what a trigger is judged by."""
    judgement = report.judgement
    if judgement is None:
        return [_quality(report)]
    signal = judgement.signal
    rare = signal is not None and min(signal.share, 1 - signal.share) < RARE
    if judgement.asked:
        circuit, network = judgement.model(CIRCUIT).score, judgement.model(NETWORK).score
        detail = f"the network's: {network:.4f}, on {number(judgement.rows)} test rows"
        name = judgement.objective[0].upper() + judgement.objective[1:]
        asked = Card(f"{name} of the circuit", f"{circuit:.4f}", "", detail)
        return [asked, _trigger(signal)] if rare and signal is not None else [asked]
    return [_trigger(signal)] if rare and signal is not None else [_quality(report)]


def _trigger(signal: Signal) -> Card:
    detail = (
        f"the network's: {signal.network:.4f}, both let {signal.rate:.4g} of the background through; "
        f"AUC {signal.circuit_auc:.4f}, the network's: {signal.network_auc:.4f}; "
        f"{signal.share:.2g} of the rows are signal"
    )
    return Card("Signal that the circuit keeps at the network's rate", f"{signal.circuit:.4f}", "", detail)


def _quality(report: Report) -> Card | None:
    split = shown_split(report)
    if split is None or "design" not in split.scores:
        return None
    design, teacher = split.scores["design"], split.scores.get("teacher")
    if design.accuracy is not None and teacher is not None and teacher.accuracy:
        share = design.accuracy / teacher.accuracy
        detail = (
            f"{share:.3f} of the network's {teacher.accuracy:.4f}, on {number(split.rows)} {split.split} rows"
        )
        return Card("Accuracy of the circuit", f"{design.accuracy:.4f}", "", detail)
    if design.accuracy is not None:
        return Card(
            "Accuracy of the circuit",
            f"{design.accuracy:.4f}",
            "",
            f"on {number(split.rows)} {split.split} rows",
        )
    if design.agreement is not None:
        detail = f"of {number(split.rows)} {split.split} rows"
        return Card("Decisions equal to the network's", f"{design.agreement:.4f}", "", detail)
    known = [v for v in (design.r2 or design.teacher_r2).values() if v is not None]
    if not known:
        return None
    against = "the labels" if design.r2 else "the network"
    label = "R² of the circuit" if len(known) == 1 else "Least R² of the outputs"
    detail = f"against {against}, on {number(split.rows)} {split.split} rows"
    return Card(label, f"{min(known):.4f}", "", detail)


def _hardware(report: Report) -> list[Card | None]:
    best = headline(report)
    rows = [r for r in report.hardware if r.subject is Subject.DESIGN]
    row = next((r for r in rows if best and r.label == best.design and r.tool == best.tool), None)
    row = row or next(iter(rows), None)
    if row is None:
        return []
    return [_lut(row, best, _scores(report, best), ends_text(report)), _latency(row, best)]


def _clock(report: Report) -> Card | None:
    """Return a card only where the longest path is longer than the clock that was asked for."""
    path = _late(report)
    if path is None:
        return None
    clock = report.run.options.get("clock_ns")
    asked = f" of the {clock:g} ns asked for" if isinstance(clock, int | float) else ""
    return Card("Clock", "not met", "", f"the longest path takes {number(path.value)} ns{asked}", path)


def _late(report: Report) -> HardwareFigure | None:
    """Return the longest path of the design where it is longer than its clock period."""
    row = next((r for r in report.hardware if r.subject is Subject.DESIGN), None)
    clock = row.figures.get(FigureKey.CLOCK_NS) if row else None
    path = row.figures.get(FigureKey.CRITICAL_PATH_NS) if row else None
    return path if clock is not None and path is not None and path.value > clock.value else None


def ends_text(report: Report) -> str:
    """Return which of argmax and scaling of inputs are in the LUTs, of every row alike, and which are not."""
    counts = report.program.counts if report.program else {}
    # Formulas that were given take features as they are; a distilled design's are scaled.
    inputs = "the scaling of inputs" if report.data.scaler is not None else "the rounding of inputs"
    built = {
        "argmax": "argmax" in counts or report.run.options.get("with_argmax") is True,
        inputs: report.run.options.get("with_scaler") is True,
    }
    if report.task.kind != "classification" and not built["argmax"]:
        del built["argmax"]
    inside = [name for name, is_in in built.items() if is_in]
    outside = [name for name, is_in in built.items() if not is_in]
    parts = [
        f"{word} {' and '.join(names)}" for word, names in (("with", inside), ("without", outside)) if names
    ]
    return ", ".join(parts)


def _lut(row: HardwareRow, best: Comparison | None, scores: str, left_out: str) -> Card | None:
    lut = row.figures.get(FigureKey.LUT)
    if lut is None:
        return None
    others = [(row.figures.get(k), k.value.upper()) for k in (FigureKey.DSP, FigureKey.BRAM)]
    rest = ", ".join(f"{number(f.value)} {name}" for f, name in others if f is not None)
    detail = ", ".join(t for t in (_beside(best, FigureKey.LUT, "fewer", scores) or rest, left_out) if t)
    srl = row.figures.get(FigureKey.SRL)
    if srl is not None and srl.value:
        return Card("Resources", f"{number(lut.value)} + {number(srl.value)}", "LUT + SRL", detail, lut)
    return Card("Resources", number(lut.value), "LUT", detail, lut)


def _latency(row: HardwareRow, best: Comparison | None) -> Card | None:
    ns, cycles = row.figures.get(FigureKey.LATENCY_NS), row.figures.get(FigureKey.LATENCY_CYCLES)
    shown = ns or cycles
    if shown is None:
        return None
    counted = ""
    if ns and cycles:
        counted = f"{number(cycles.value)} clock cycle{'' if cycles.value == 1 else 's'}"
    path, levels = row.figures.get(FigureKey.CRITICAL_PATH_NS), row.figures.get(FigureKey.LEVELS)
    if path is not None:
        over = f" over {number(levels.value)} levels of LUTs and carries" if levels is not None else ""
        counted += f"{', ' if counted else ''}longest path {number(path.value)} ns{over}, {path.origin.value}"
    faster = _beside(best, FigureKey.LATENCY_NS if ns else FigureKey.LATENCY_CYCLES, "less")
    detail = ", ".join(t for t in (counted, faster) if t)
    return Card("Latency", number(shown.value), "ns" if ns else "cycles", detail, shown)


def _beside(best: Comparison | None, key: FigureKey, word: str, scores: str = "") -> str:
    found = next((r for r in best.ratios if r.figure is key), None) if best else None
    if found is None or best is None or found.ratio is None:
        return ""
    if found.ratio >= 1:
        told = f"{number(found.network)}{'; ' if scores else ''}{scores}"
        return f"{ratio(found.ratio)} {word} than the {best.network} ({told})"
    return f"{best.network}: {number(found.network)}"


def _verification(report: Report) -> Card | None:
    executors = report.verification.executors
    if not executors:
        return None
    differences = sum(e.differences for e in executors)
    values = sum(e.values for e in executors)
    names = ", ".join(dict.fromkeys(e.executor.split(" (")[0] for e in executors))
    return Card(
        "Differences between executors", number(differences), "", f"in {number(values)} values: {names}"
    )
