"""Files and directories that appear whole or not at all, and the lock that keeps other runs out."""
