"""Rules of the lint, by what they look at."""
