"""A way to distribute tests that keeps those together which share a server: the real directory, one hard site."""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

TOGETHER = "tests/real_ad/"  # how the node ids of tests begin that have one worker to themselves
HARD_SITE = re.compile(r"tests/hard_sites/.*\[(?P<site>.+)-\d+\]")


class OneWorkerForTheServer(LoadScopeScheduling):
    """Every test goes to the worker that is free next, those of ``TOGETHER`` all to the same one, and they begin.

    The runs on one hard site stay together too, so that its simulator starts
    once. By path, not by the mark ``xdist_group``: xdist 3.8 does not see it
    under pytest 9.2 (pytest-xdist issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(TOGETHER):
            return TOGETHER
        site = HARD_SITE.match(nodeid)
        return f"hard site {site['site']}" if site else nodeid
