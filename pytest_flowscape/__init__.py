"""Acceptance tests for an on-premises Exchange Server before the Flowscape product goes live.

Importing this package costs nothing: no library of ours is loaded until an
option of ours is used.
"""

__version__ = "0.1.0"
