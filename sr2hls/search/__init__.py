"""Search for formulas: engines behind one protocol, and reading what other searches wrote."""
