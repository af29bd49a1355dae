"""AMD's tools: Vivado HLS, Vitis HLS, Vitis and Vivado, driven and read where they are installed."""
