"""Distribute tests so that those that share a server stay together: the real directory, one hard site."""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

# how the node ids of tests begin that share something costly: one domain controller; one browser and the pages for it
TOGETHER = "tests/real_ad/"
BROWSER = "tests/browser/"
HARD_SITE = re.compile(r"tests/hard_sites/.*\[(?P<site>.+)-\d+\]")


class OneWorkerForTheServer(LoadScopeScheduling):
    """Every test goes to the worker that is free next, those of a folder below to the same one, and they begin.

    The runs on one hard site stay together too, so that its simulator starts
    once. By path, not by the mark ``xdist_group``: xdist 3.8 does not see it
    under pytest 9.2 (pytest-xdist issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        for folder in (TOGETHER, BROWSER):
            if nodeid.startswith(folder):
                return folder
        site = HARD_SITE.match(nodeid)
        return f"hard site {site['site']}" if site else nodeid
