"""Names that are safe in Verilog, SystemVerilog and VHDL."""

import re
from collections.abc import Sequence
from functools import cache

from sr2hls.errors import InputError
from sr2hls.templates import template_path

# alkaid's modules, the clock, what templates/rtl/top.*.j2 declare, and VHDL's library of types.
_TAKEN = frozenset(
    {
        *("clk", "binop", "multiplier", "mux", "negative", "shift_adder", "ternary_adder"),
        *("core", "packed_in", "packed_out", "model_inp", "model_out", "rtl"),
        *("ieee", "std", "work", "std_logic", "std_logic_1164", "std_logic_vector"),
    }
)


@cache
def reserved_words() -> frozenset[str]:
    """Return the words that neither Verilog, SystemVerilog nor VHDL has as a name.

    IEEE 1364-2005 annex B, IEEE 1800-2017 annex B and IEEE 1076-2008 clause 15.10: one set, so that a design
    keeps its names in either language.
    """
    return frozenset(template_path("rtl/reserved_words.txt").read_text(encoding="utf-8").split())


def safe_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return a legal, distinct identifier for each name, as close to it as possible.

    Distinct without regard to case, as VHDL needs it.
    """
    used: set[str] = set()
    safe = []
    for name in names:
        base = re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9]", "_", name)).strip("_")
        if not base or not base[0].isalpha():
            base = f"x{base}"
        if base.lower() in reserved_words() | _TAKEN:
            base = f"{base}_v"
        candidate, number = base, 2
        while candidate.lower() in used:
            candidate, number = f"{base}_{number}", number + 1
        used.add(candidate.lower())
        safe.append(candidate)
    return tuple(safe)


def check_module_name(name: str) -> None:
    """Refuse a name that a module cannot have.

    Raises:
        InputError: says why.
    """
    if safe_names([name]) != (name,):
        raise InputError(
            f"'{name}' cannot be the name of a module in Verilog and VHDL: use letters, digits and single "
            f"underscores, no keyword, e.g. '{safe_names([name])[0]}'"
        )
