"""Conditions of a simulated site that are no requirement's own fault, by name.

Those that take a target take a room's (or user's) primary address, unless
their module names another. Everything here goes away with a reset.
"""

from __future__ import annotations

from pytest_flowscape.simulator.conditions.account import ACCOUNT_CONDITIONS
from pytest_flowscape.simulator.conditions.directory import DIRECTORY_CONDITIONS
from pytest_flowscape.simulator.conditions.exchange import EXCHANGE_CONDITIONS
from pytest_flowscape.simulator.conditions.fields import Condition
from pytest_flowscape.simulator.conditions.mailboxes import MAILBOX_CONDITIONS
from pytest_flowscape.simulator.conditions.meetings import MEETING_CONDITIONS
from pytest_flowscape.simulator.conditions.network import NETWORK_CONDITIONS
from pytest_flowscape.simulator.conditions.writes import WRITE_CONDITIONS

CONDITIONS: dict[str, Condition] = {
    **EXCHANGE_CONDITIONS,
    **ACCOUNT_CONDITIONS,
    **DIRECTORY_CONDITIONS,
    **NETWORK_CONDITIONS,
    **WRITE_CONDITIONS,
    **MEETING_CONDITIONS,
    **MAILBOX_CONDITIONS,
}
