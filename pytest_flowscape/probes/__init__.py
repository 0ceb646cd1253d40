"""Probes measure: they ask servers and give frozen facts; they judge nothing."""
