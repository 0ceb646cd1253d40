"""Probes measure: they ask servers and return frozen facts; they judge nothing."""
