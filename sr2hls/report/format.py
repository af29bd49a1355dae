"""Numbers and names as people read them, the same in HTML and Markdown."""

from sr2hls.provenance import Origin
from sr2hls.report.fidelity import Model, SplitFidelity, WorkingPoint
from sr2hls.report.hardware import NOT_COMPARED, Comparison, FigureKey, HardwareFigure, HardwareRow, Ratio
from sr2hls.report.model import Plain, Report
from sr2hls.report.roc import RATES_KHZ

FIGURE_NAMES: dict[FigureKey, str] = {
    FigureKey.LUT: "LUT",
    FigureKey.FF: "FF",
    FigureKey.CARRY: "CARRY",
    FigureKey.DSP: "DSP",
    FigureKey.BRAM: "BRAM",
    FigureKey.URAM: "URAM",
    FigureKey.SRL: "SRL",
    FigureKey.WIDE_MUX: "MUXF",
    FigureKey.LATENCY_CYCLES: "latency [cycles]",
    FigureKey.LATENCY_NS: "latency [ns]",
    FigureKey.II: "II",
    FigureKey.CLOCK_NS: "clock [ns]",
    FigureKey.CRITICAL_PATH_NS: "longest path [ns]",
    FigureKey.LEVELS: "levels",
    FigureKey.FMAX_MHZ: "Fmax [MHz]",
}

_RARE = (FigureKey.URAM, FigureKey.SRL, FigureKey.WIDE_MUX)

MODEL_NAMES = {"teacher": "network", "formulas": "formulas", "design": "design"}

THIN_SPACE = "\u202f"


def number(value: float | None) -> str:
    """Return a number with four digits, whole numbers in full, ``–`` for one that is missing."""
    if value is None:
        return "–"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", THIN_SPACE if abs(value) >= 10_000 else "")
    return f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.2e}"


def ratio(value: float) -> str:
    """Return a ratio, e.g. ``71×``."""
    return f"{value:.3g}×" if value < 100 else f"{value:.0f}×"


def plain_text(value: Plain) -> str:
    """Return the value of an option as text."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(value)
        case dict():
            return ", ".join(f"{k}={v}" for k, v in value.items())
        case _:
            return str(value)


def is_published(row: HardwareRow) -> bool:
    """Return whether every figure of a row was published by somebody else."""
    known = [f for f in row.figures.values() if f is not None]
    return bool(known) and all(f.origin is Origin.PUBLISHED for f in known)


def figure_keys(report: Report) -> list[FigureKey]:
    """Return the figures to tell: those that any row has, the rarer ones only where one is not 0."""
    return [
        k
        for k in FigureKey
        if k not in NOT_COMPARED and any(worth_telling(r.figures.get(k), k) for r in report.hardware)
    ]


def worth_telling(figure: HardwareFigure | None, key: FigureKey) -> bool:
    """Return whether a figure is there, and not the 0 of a resource that few designs use."""
    return figure is not None and (figure.value != 0 or key not in _RARE)


def told_ratios(comparison: Comparison) -> list[Ratio]:
    """Return the ratios to tell: all but those of rare resources that neither design uses."""
    return [r for r in comparison.ratios if r.figure not in _RARE or r.design or r.network]


def score_name(report: Report) -> str:
    """Return what the quality of a design is measured by."""
    if report.judgement is not None:
        return report.judgement.objective
    return "accuracy" if report.task.kind == "classification" else "R²"


def fidelity_name(report: Report) -> str:
    """Return what the likeness to the network is measured by."""
    return "agreement" if report.task.kind == "classification" else "R² to the network"


def score_table(report: Report) -> tuple[list[str], list[tuple[str, str, int, list[float | None]]]]:
    """Return titles and rows (split, model, rows, values) of all scores."""
    names = report.task.outputs
    if report.task.kind == "classification":
        titles = ["accuracy", "agreement", *(f"AUC {n}" for n in names)]
    else:
        titles = [f"{kind} {n}" for n in names for kind in ("R²", "RMSE", "RMSE to the network")]
    rows = []
    for split in report.fidelity:
        for model, s in split.scores.items():
            if report.task.kind == "classification":
                values = [s.accuracy, s.agreement, *(s.auc.get(n) for n in names)]
            else:
                values = [d.get(n) for n in names for d in (s.r2, s.rmse, s.teacher_rmse)]
            rows.append((split.split, MODEL_NAMES.get(model, model), split.rows, values))
    used = [i for i in range(len(titles)) if any(row[3][i] is not None for row in rows)]
    kept = [(split, model, n, [values[i] for i in used]) for split, model, n, values in rows]
    return [titles[i] for i in used], kept


def missing_r2(report: Report) -> list[str]:
    """Return a sentence for each output without R², which compares errors with a spread: there is none."""
    split = shown_split(report)
    scores = split.scores.get("design") if split is not None else None
    if scores is None:
        return []
    truths = (("the labels, which are", scores.r2), ("the network, which is", scores.teacher_r2))
    return [
        f"There is no R² of {name} against {truth} the same for every row."
        for truth, found in truths
        for name, value in found.items()
        if value is None
    ]


def efficiency_table(report: Report) -> tuple[list[str], list[tuple[str, list[str | None]]]]:
    """Return titles and rows (class, ``network → design`` at each trigger rate) for the split shown."""
    shown = shown_split(report)
    points = shown.working_points if shown is not None else ()

    def at(model: Model, positive: str, rate: float) -> WorkingPoint | None:
        wanted = (model, positive, "rate", rate)
        return next((p for p in points if (p.model, p.positive, p.fixed, p.rate_khz) == wanted), None)

    rows: list[tuple[str, list[str | None]]] = []
    for name in dict.fromkeys(p.positive for p in points):
        cells: list[str | None] = []
        for rate in RATES_KHZ:
            network = at("teacher" if report.teacher else "formulas", name, rate)
            design = at("design", name, rate)
            if network is None or network.efficiency is None or design is None or design.efficiency is None:
                cells.append(None)
            else:
                cells.append(f"{network.efficiency:.3f} → {design.efficiency:.3f}")
        rows.append((name, cells))
    return [f"{rate:g} kHz" for rate in RATES_KHZ], rows


def shown_split(report: Report) -> SplitFidelity | None:
    """Return the split that pages show in full: the test split, else the last."""
    return report.split("test") or (report.fidelity[-1] if report.fidelity else None)
