"""Names that are safe in Verilog, SystemVerilog and VHDL."""

import re
from collections.abc import Sequence

from sr2hls.errors import InputError

# IEEE 1364-2005 annex B, IEEE 1800-2017 annex B (the words that a port would be given) and IEEE 1076-2008
# clause 15.10, one set, so that a design keeps its names in either language.
_RESERVED = frozenset(
    """
    abs access accept_on after alias all always always_comb always_ff always_latch and architecture array assert
    assign assume attribute automatic before begin bind bins binsof bit block body break buf buffer bufif0 bufif1
    bus byte case casex casez cell chandle checker class clocking cmos component config configuration const
    constant constraint context continue cover covergroup coverpoint cross deassign default defparam design
    disable disconnect dist do downto edge else elsif end endcase endchecker endclass endclocking endconfig
    endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram endproperty
    endsequence endspecify endtable endtask entity enum event eventually exit expect export extends extern fairness
    file final first_match for force foreach forever fork forkjoin function generate generic genvar global group
    guarded highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import impure in incdir include
    inertial initial inout input inside instance int integer interconnect interface intersect is join join_any
    join_none label large let liblist library linkage literal local localparam logic longint loop macromodule map
    matches medium mod modport module nand negedge nettype new next nexttime nmos nor noshowcancelled not notif0
    notif1 null of on open or others out output package packed parameter pmos port posedge postponed primitive
    priority procedure process program property protected pull0 pull1 pulldown pullup pulsestyle_ondetect
    pulsestyle_onevent pure rand randc randcase randsequence range rcmos real realtime record ref reg register
    reject reject_on release rem repeat report restrict return rnmos rol ror rpmos rtran rtranif0 rtranif1
    s_always s_eventually s_nexttime s_until s_until_with scalared select sequence severity shared shortint
    shortreal showcancelled signal signed sla sll small soft solve specify specparam sra srl static string strong
    strong0 strong1 struct subtype super supply0 supply1 sync_accept_on sync_reject_on table tagged task then this
    throughout time timeprecision timeunit to tran tranif0 tranif1 transport tri tri0 tri1 triand trior trireg
    type typedef unaffected union unique unique0 units unsigned until until_with untyped use uwire var variable
    vectored view virtual vmode void vprop vunit wait wait_order wand weak weak0 weak1 when while wildcard wire
    with within wor xnor xor
    """.split()
)
# Modules that alkaid brings along, and the clock.
_TAKEN = frozenset({"clk", "binop", "multiplier", "mux", "negative", "shift_adder", "ternary_adder"})


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
        if base.lower() in _RESERVED | _TAKEN:
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
