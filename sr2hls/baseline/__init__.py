"""The original network, quantised and taken down the same road as the formulas, for the comparison."""
