"""Regenerate every generated document in place: ``python -m tools.documents`` names those that changed."""

from __future__ import annotations

from tools.documents import authority, evidence_schema, faults, hard_sites, licences, requirements
from tools.documents.frame import ROOT, rewrite

GENERATORS = (authority, evidence_schema, faults, hard_sites, licences, requirements)

if __name__ == "__main__":
    for name in rewrite(ROOT, (part for generator in GENERATORS for part in generator.parts())):
        print(name)
