"""The scheduler model beside published latencies: whole designs and single operators, xcvu9p at 5 ns.

python benchmarks/hls_latency.py
"""

import json
import sys
from importlib.resources import files
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "hls"))

from published import comparison

from sr2hls.hls.latency import UNCERTAINTY, schedule_program
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType

CLOCK_NS = 5.0


def operator(name: str, type_: FixedType) -> Program:
    """One operator alone, its result in the type of its operands."""
    b = Builder({"a": type_, "b": type_})
    build = {"+": b.add, "-": b.sub, "*": b.mul, "/": b.div}
    return b.program({"y": build[name](0, 1, type_)})


def operators() -> list[tuple[str, str, int, int]]:
    """Return (operator, precision, published cycles, modelled cycles); the table counts at least 1."""
    text = (files("sr2hls.costs") / "data" / "operator_cycles_xcvu9p_vivado.json").read_text()
    rows = []
    for precision, table in json.loads(text)["cycles"].items():
        width, integer = map(int, precision.removeprefix("ap_fixed<").removesuffix(">").split(","))
        for name in "+-*/":
            program = operator(name, FixedType(True, width, integer))
            placed = schedule_program(program, CLOCK_NS, UNCERTAINTY["Vivado"] * CLOCK_NS)
            rows.append((name, precision, table[name], max(1, placed.latency_cycles)))
    return rows


def main() -> None:
    print(f"{'design':16} {'precision':16} published  model")
    designs = comparison()
    for name, precision, published, model in designs:
        print(f"{name:16} {precision:16} {published:9}  {model:5}")
    errors = [abs(model - published) for _, _, published, model in designs]
    exact = sum(e == 0 for e in errors)
    mean = sum(errors) / len(errors)
    print(f"mean error {mean:.2f} cycles, at most {max(errors)}, {exact} of {len(errors)} exact\n")
    print("operator  precisions  largest error (cycles)")
    for name in "+-*/":
        wrong = [model - published for n, _, published, model in operators() if n == name]
        print(f"{name:8}  {len(wrong):10}  {max(wrong, key=abs):+d}")


if __name__ == "__main__":
    main()
