"""Designs as files: what `explore` and `compile` keep of each, and what ``--explored`` takes one from."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from sr2hls.design import Design, Proposal
from sr2hls.errors import InputError, Sr2hlsError
from sr2hls.problem import Problem
from sr2hls.program import serialize
from sr2hls.program.lower_formulas import OutputError
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.search.expressions import expr_of, text_of
from sr2hls.search.front import Frontier
from sr2hls.store.record import Record

FOLDER = "designs"


class DesignFile(Record):
    """What ``designs/*.json`` hold."""

    format: Literal["sr2hls-design-1"] = "sr2hls-design-1"
    name: str
    label: str
    formulas: dict[str, str]
    definitions: list[tuple[str, str]]
    """Values that formulas share, name and formula, from the first to the last."""
    program: dict[str, Any]
    errors: dict[str, tuple[float, float]]
    """Output to the rms and the largest difference from its formula on training data."""
    notes: list[str]
    value_types: dict[str, tuple[bool, int, int, str, str]] = Field(default_factory=dict)
    """Definition that is rounded to whether it is signed, width, integer bits, rounding and overflow."""
    frontier: dict[str, Any] | None
    before: dict[str, Any] | None = None
    """The program before its passes."""


def file_name(name: str) -> str:
    """Return the file of a design, relative to the folder of the result."""
    return f"{FOLDER}/{name}.json"


def to_text(design: Design) -> str:
    """Return a design as JSON text; constants keep every bit."""
    proposal = design.proposal
    record = DesignFile(
        name=proposal.name,
        label=proposal.label,
        formulas={output: text_of(f) for output, f in proposal.formulas.items()},
        definitions=[(name, text_of(f)) for name, f in proposal.definitions],
        program=serialize.to_dict(design.program),
        errors={output: (e.rms, e.largest) for output, e in design.errors.items()},
        notes=list(design.notes),
        value_types={
            name: (t.signed, t.width, t.integer, t.rounding.value, t.overflow.value)
            for name, t in design.value_types.items()
        },
        frontier=None if proposal.frontier is None else proposal.frontier.to_dict(),
        before=None if design.before is None else serialize.to_dict(design.before),
    )
    return record.model_dump_json(indent=1) + "\n"


def read_design(path: Path, problem: Problem) -> Design:
    """Read a design of a problem.

    Raises:
        InputError: the file is missing, damaged, or of a design with other inputs or outputs.
    """
    try:
        record = DesignFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror or error}; explore again") from error
    except ValidationError as error:
        raise InputError(f"'{path}' is damaged or of another version: explore again") from error
    try:
        design = _design(record)
    except (Sr2hlsError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(f"'{path}' is damaged ({error}): explore again") from error
    program = design.program
    inputs = dict(zip(program.input_names, program.input_types, strict=True))
    outputs = {tuple(program.output_names), tuple(design.proposal.formulas), tuple(design.errors)}
    if inputs != dict(problem.types) or outputs != {problem.output_names}:
        raise InputError(f"'{path}' was made for other inputs: explore again")
    return design


def _design(record: DesignFile) -> Design:
    proposal = Proposal(
        record.name,
        record.label,
        {output: expr_of(text) for output, text in record.formulas.items()},
        tuple((name, expr_of(text)) for name, text in record.definitions),
        None if record.frontier is None else Frontier.from_dict(record.frontier),
    )
    errors = {output: OutputError(*figures) for output, figures in record.errors.items()}
    types = {
        name: FixedType(signed, width, integer, Rounding(rounding), Overflow(overflow))
        for name, (signed, width, integer, rounding, overflow) in record.value_types.items()
    }
    before = None if record.before is None else serialize.from_dict(record.before)
    return Design(proposal, serialize.from_dict(record.program), errors, tuple(record.notes), types, before)


def design_of(folder: Path) -> Design | None:
    """Return the design, kept in the folder of a result or of its exploration, that a circuit was made from.

    Files that cannot be read are passed over: there is a circuit without its formulas then.
    """
    files = [p for place in (folder, folder.parent) for p in sorted((place / FOLDER).glob("*.json"))]
    for path in files:
        try:
            design = _design(DesignFile.model_validate_json(path.read_bytes()))
            if serialize.digest(design.program) == serialize.digest(
                serialize.load(folder / "rtl" / "program.json")
            ):
                return design
        except (OSError, Sr2hlsError, ValueError, TypeError, OverflowError, RecursionError):
            continue
    return None
