"""sr2hls: distil a trained network into formulas, compile them to a verified FPGA circuit."""

