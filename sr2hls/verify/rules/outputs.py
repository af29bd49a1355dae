"""Rules on outputs: constant ones, and ones that are equal."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from sr2hls.verify.checked_design import NEGLIGIBLE, CheckedDesign, rms
from sr2hls.verify.finding import Lint, Severity


def constant_outputs(design: CheckedDesign) -> Iterator[Lint]:
    """Find outputs that are the same number for every input though their formula is not."""
    program = design.program
    for k, (name, position) in enumerate(zip(program.output_names, program.outputs, strict=True)):
        held = design.reduced.ranges[design.reduced.outputs[k]]
        proven = held.low == held.high
        column = design.outputs[:, k]
        if not proven and (column != column[0]).any():
            continue
        formula = design.formulas.get(name)
        varies = None if formula is None else rms(_centred(design.formula_values(name)))
        if varies is not None and varies <= NEGLIGIBLE * rms(design.formula_values(name)):
            continue
        explained = varies is not None and varies <= design.allowed(name)
        number = program.ops[position].type.value(int(column[0]))
        where = "for every input" if proven else f"for all {len(column)} samples"
        yield Lint(
            rule="constant-output",
            severity=Severity.WARNING if explained or (formula is None and not proven) else Severity.ERROR,
            value=name,
            formula="" if formula is None else str(formula),
            message=f"output '{name}'{f' = {formula}' if formula is not None else ''} is {number:g} {where}",
            remedy="allow a smaller error, give it and its inputs more bits, or check the ranges of the data",
        )


def equal_outputs(design: CheckedDesign) -> Iterator[Lint]:
    """Find outputs that are equal to each other though their formulas differ."""
    program = design.program
    for i, j in combinations(range(program.n_outputs), 2):
        a, b = program.output_names[i], program.output_names[j]
        proven = design.reduced.outputs[i] == design.reduced.outputs[j]
        if not proven and not np.array_equal(design.program_values(a), design.program_values(b)):
            continue
        if not proven and len({int(v) for v in design.outputs[:, i]}) == 1:
            continue  # both constant: that is another finding
        compared = a in design.formulas and b in design.formulas
        differ = rms(design.formula_values(a) - design.formula_values(b)) if compared else None
        if differ is not None and differ <= NEGLIGIBLE * rms(design.formula_values(a)):
            continue
        explained = differ is not None and differ <= design.allowed(a) + design.allowed(b)
        how = "are the same value" if proven else f"are equal on all {len(design.raw)} samples"
        yield Lint(
            rule="equal-outputs",
            severity=Severity.WARNING if explained or differ is None else Severity.ERROR,
            value=b,
            formula=str(design.formulas[b]) if compared else "",
            message=f"outputs '{a}' and '{b}' {how}" + (", their formulas differ" if compared else ""),
            remedy="leave one of them out, or allow smaller errors so that they come apart",
        )


def _centred(values: np.ndarray) -> np.ndarray:
    finite = values[np.isfinite(values)]
    return values - (finite.mean() if finite.size else 0.0)
