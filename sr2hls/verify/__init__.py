"""Executors agree, nothing is degenerate, and the design says what the teacher says."""
