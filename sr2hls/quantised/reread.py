"""How inputs are read, changed for all parts that read them at once."""

from dataclasses import replace

import numpy as np

from sr2hls.lut_network import Samples
from sr2hls.quantised.fit_part import FitOptions
from sr2hls.quantised.luts import state_luts
from sr2hls.quantised.reader import Reader, neighbours
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.state import QuantisedState

_FEW_ROWS = 6_000


def reread(rows: QuantisedRows, options: FitOptions, rng: np.random.Generator) -> QuantisedState:
    """Return the state with each reader moved a little where that lowers loss and LUTs together.

    The best move on some of the rows is taken if it is good on all of them.
    """
    readers = rows.state.readers()
    few = rows.samples.batch(_FEW_ROWS, rng)
    for at in rng.permutation(len(readers)).tolist():
        _move(rows, few, readers[at], options)
    return rows.state


def _move(all_rows: QuantisedRows, few: Samples, reader: Reader, options: FitOptions) -> None:
    rows = all_rows if few is all_rows.samples else QuantisedRows(all_rows.state, few, all_rows.weights)
    state = rows.state
    grid = state.grids[reader.input]
    if reader.is_whole(grid) or reader not in state.readers():
        return
    best, worth = state, _worth(rows, state, options)
    for other in neighbours(reader, grid, options.reader_bits):
        candidate = _with_reader(state, reader, other)
        if any(
            p.index_bits > max(options.index_bits, q.index_bits) or (p is not q and not p.is_finite())
            for p, q in zip(candidate.parts, state.parts, strict=True)
        ):
            continue
        found = _worth(rows, candidate, options)
        if found < worth:
            best, worth = candidate, found
    if best is not state and _worth(all_rows, best, options) < _worth(all_rows, state, options):
        all_rows.become(best)


def _with_reader(state: QuantisedState, old: Reader, new: Reader) -> QuantisedState:
    parts = [
        replace(p, readers=tuple(new if r == old else r for r in p.readers)) if old in p.readers else p
        for p in state.parts
    ]
    return replace(state, parts=tuple(parts))


def _worth(rows: QuantisedRows, state: QuantisedState, options: FitOptions) -> float:
    luts = state_luts(state)
    if options.max_lut is not None and luts > max(options.max_lut, state_luts(rows.state)):
        return float("inf")
    return rows.loss(state) + options.price * luts
