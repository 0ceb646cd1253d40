"""Errors, secrets and the interruption: what every layer may use."""
