"""From what a user asks for to a verified circuit: compile, explore, lower and search, and their one tail."""
