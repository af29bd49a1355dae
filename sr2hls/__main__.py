"""``python -m sr2hls``."""

from sr2hls.cli.main import main

main()
