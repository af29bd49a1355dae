"""Proofs, for every input: programs against programs, their Verilog and the netlists that it is mapped to."""
