"""Passes over programs, one a file; each keeps every output bit or says what it changes."""
