"""Speak Exchange Web Services for measuring: exact request, exact answer, everything told is kept."""
