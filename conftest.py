"""What the repository's own runs need; nothing of the product, which is the plugin in ``pytest_flowscape/``."""

from __future__ import annotations

# ``pytest .`` would import these: a suite for measuring that only its own command prepares, and written reports
collect_ignore = ["benchmarks", "reports"]
