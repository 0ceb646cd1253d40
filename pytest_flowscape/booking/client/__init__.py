"""exchangelib over the run's own EWS session."""
