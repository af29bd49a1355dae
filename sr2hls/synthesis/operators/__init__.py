"""Measured costs: every operator alone, through synthesis, on ECP5 through place and route."""
