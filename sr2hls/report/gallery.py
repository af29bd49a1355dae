"""Several results side by side: found below a folder, compared, packed for download."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sr2hls.errors import InputError
from sr2hls.report.format import shown_split
from sr2hls.report.hardware import FigureKey, HardwareFigure, HardwareRow, Subject
from sr2hls.report.judgement import CIRCUIT
from sr2hls.report.model import Report
from sr2hls.report.store import JSON_NAME, load_report

_DEPTH = 4
_PROJECTS = ("hls", "rtl")
_BESIDE = ("report.json", "report.md", "inputs.json")


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """One result.

    Attributes:
        name: its folder, relative to the one that was searched.
        folder: its folder.
        report: its report.
    """

    name: str
    folder: Path
    report: Report

    @property
    def row(self) -> HardwareRow | None:
        """Figures of the design by the first tool that has any."""
        return next((r for r in self.report.hardware if r.subject is Subject.DESIGN), None)

    @property
    def score(self) -> float | None:
        """What designs are judged by, else accuracy or the least R² of the outputs, on the test split."""
        if self.report.judgement is not None:
            return self.report.judgement.model(CIRCUIT).score
        split = shown_split(self.report)
        scores = split.scores.get("design") if split else None
        if scores is None:
            return None
        known = [v for v in (scores.r2 or scores.teacher_r2).values() if v is not None]
        return scores.accuracy if scores.accuracy is not None else min(known, default=None)

    @property
    def nodes(self) -> int | None:
        """Nodes of the printed formulas, ``None`` where these are not readable."""
        reading = self.report.reading
        return None if reading is None or reading.reasons else reading.nodes

    @property
    def fidelity(self) -> float | None:
        """Agreement with the network, or the least R² to it, on the test split."""
        split = shown_split(self.report)
        scores = split.scores.get("design") if split else None
        if scores is None:
            return None
        known = [v for v in scores.teacher_r2.values() if v is not None]
        return scores.agreement if scores.agreement is not None else min(known, default=None)

    def figure(self, key: FigureKey) -> HardwareFigure | None:
        """Return a figure of the design; without a tool's, what is estimated of the chosen design."""
        if self.row is not None:
            return self.row.figures.get(key)
        chosen = next((d for d in self.report.designs if d.chosen), None)
        estimated = (
            {} if chosen is None else {FigureKey.LUT: chosen.lut, FigureKey.LATENCY_NS: chosen.latency_ns}
        )
        return estimated.get(key)

    @property
    def has_project(self) -> bool:
        """Whether there is an HLS or RTL project to download."""
        return any((self.folder / name).is_dir() for name in _PROJECTS)


def find_results(folder: Path) -> list[GalleryEntry]:
    """Return the results in a folder and below it, at most four folders deep; links are not followed.

    Raises:
        InputError: there is none, or one of them cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"'{folder}' is no folder: give the output of 'sr2hls compile' or one above several")
    files = sorted(_reports(folder, _DEPTH))
    if not files:
        raise InputError(
            f"there is no {JSON_NAME} in '{folder}' or below: give the output of 'sr2hls compile'"
        )
    found = [(f.parent, load_report(f)) for f in files]
    return [
        GalleryEntry(str(p.relative_to(folder)) if p != folder else report.title, p, report)
        for p, report in found
    ]


def _reports(folder: Path, depth: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_symlink():
            continue
        if path.name == JSON_NAME and path.is_file():
            yield path
        elif path.is_dir() and depth and path.name not in _PROJECTS:
            yield from _reports(path, depth - 1)


def packed_project(entry: GalleryEntry) -> bytes:
    """Return the projects of a result and its report as a ZIP file; links are left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _packed(entry.folder):
            archive.write(path, Path(entry.folder.name or "result") / path.relative_to(entry.folder))
    return buffer.getvalue()


def _packed(folder: Path) -> Sequence[Path]:
    inside = [p for name in _PROJECTS for p in sorted(_files(folder / name))]
    beside = [folder / name for name in _BESIDE]
    return [*(p for p in beside if p.is_file() and not p.is_symlink()), *inside]


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir() or folder.is_symlink():
        return
    for path in folder.iterdir():
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path
