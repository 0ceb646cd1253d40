"""The EWS side of the simulator: one module per operation."""
