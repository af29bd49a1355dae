"""Programs as register-transfer logic: Verilog and VHDL through alkaid, simulated with Verilator."""
