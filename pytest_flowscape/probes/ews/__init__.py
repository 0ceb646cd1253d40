"""Speak Exchange Web Services for measuring: exact request, exact answer, and all of it is kept."""
