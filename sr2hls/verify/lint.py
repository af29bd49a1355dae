"""Lints: what looks wrong in a design before it is synthesised."""

from collections.abc import Callable, Iterable

from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.finding import Lint, Severity
from sr2hls.verify.rules.bounds import outside_bounds
from sr2hls.verify.rules.constants import vanished_constants
from sr2hls.verify.rules.inputs import dropped_inputs
from sr2hls.verify.rules.outputs import constant_outputs, equal_outputs
from sr2hls.verify.rules.overflow import overflows, saturated_inputs
from sr2hls.verify.rules.tables import constant_tables, duplicate_tables, fine_tables
from sr2hls.verify.rules.widths import unused_widths

Rule = Callable[[CheckedDesign], Iterable[Lint]]

RULES: tuple[Rule, ...] = (
    constant_tables, vanished_constants, fine_tables, dropped_inputs, constant_outputs, equal_outputs,
    outside_bounds, duplicate_tables, overflows, saturated_inputs, unused_widths,
)  # fmt: skip
"""Every rule, the ones that refuse designs first."""


def lint(design: CheckedDesign, rules: Iterable[Rule] = RULES) -> tuple[Lint, ...]:
    """Return what is wrong or wasteful in a design, errors first."""
    found = [finding for rule in rules for finding in rule(design)]
    return tuple(sorted(found, key=lambda f: list(Severity).index(f.severity)))
