"""What a level of a mapped netlist takes: a LUT, a carry chain, and the wires to them.

The delay of a path is counted as ``register + lut · LUTs + carry · chains + bit · bits + mux · MUXF``. That
this form holds was found on ECP5, where nextpnr places and routes: `ECP5` is its fit to the operators of
`sr2hls.costs.measured_tables` (``python benchmarks/netlist_path.py``, `benchmarks/results/netlist_path.md`).
There a chain takes 1.3 times as long as a LUT with its wire.

`ULTRASCALE_PLUS` has the same form. Nothing here places such a device, so its numbers are an estimate: half a
nanosecond a LUT, 0.2 ns a MUXF and 0.0254 ns a bit of carry are those of alkaid's delay model (for xcvu13p,
`alkaid.trace.passes.surrogate`); a chain takes what a LUT takes; 0.1 ns is clock to output as Vivado reports
it for xczu3eg-1. In paths that Vivado 2021.2 routed on that part (reports in github
gussmith23/lakeroad-evaluation) a LUT took 0.04 to 0.2 ns and the wire to it 0.18 to 0.54 ns, S[0] to CO[7] of
a chain 0.24 ns: three of these paths took 1.47, 1.69 and 3.07 ns, for which this estimate gives 2.3, 2.9 and
3.8 ns. It errs on the slow side.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LevelDelays:
    """Delays of what a path passes, nanoseconds.

    Attributes:
        lut_ns: a LUT with the wire to it.
        carry_ns: from a LUT into a carry chain and out of it.
        bit_ns: each bit that a carry runs over.
        mux_ns: a MUXF7 or alike beside its LUTs.
        register_ns: clock to output of the first register, set-up of the last and the wire to it.
    """

    lut_ns: float
    carry_ns: float
    bit_ns: float
    mux_ns: float
    register_ns: float


ECP5 = LevelDelays(lut_ns=0.815, carry_ns=1.047, bit_ns=0.016, mux_ns=0.373, register_ns=0.988)
ULTRASCALE_PLUS = LevelDelays(lut_ns=0.5, carry_ns=0.5, bit_ns=0.0254, mux_ns=0.2, register_ns=0.1)
MODEL = "levels of the mapped netlist times delays of UltraScale+, wires in each level"
ERROR = (
    "the same count on ECP5 is within 5 % (median) of place and route; for UltraScale+ it gave 1.2 to 1.7 "
    "times three published routed paths"
)
