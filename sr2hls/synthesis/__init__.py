"""Synthesis tools: what a circuit takes and how fast it is."""
