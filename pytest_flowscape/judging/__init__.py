"""From facts to outcomes and a verdict: catalogue, causes, judge."""
