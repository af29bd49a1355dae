"""What a rule finds."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """The design does not compute what its formulas say: it is refused."""
    WARNING = "warning"
    """Probably not what was meant, or it costs hardware for nothing."""
    INFO = "info"
    """Worth knowing."""


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding.

    Attributes:
        rule: name of the rule, e.g. ``constant-table``.
        severity: see `Severity`.
        value: what it is about: ``%5`` for an operation, else the name of an input or output.
        formula: the formula part that the value stands for; empty where it is not known.
        message: what is wrong.
        remedy: what to do.
    """

    rule: str
    severity: Severity
    value: str
    formula: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.severity.value}: {self.message}: {self.remedy} [{self.rule}]"
