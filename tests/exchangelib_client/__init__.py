"""exchangelib, unmodified, as an independent client that judges the simulator."""
