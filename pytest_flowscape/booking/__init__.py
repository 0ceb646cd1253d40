"""Booking round trips: what this package writes into calendars, and how all of it is removed again.

Nothing here runs unless it is asked for (``--flowscape-book``, ``--flowscape-sweep``).
"""
