"""Constants, tables and widths fitted to the data and the teacher, all outputs together."""
