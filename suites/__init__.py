"""The requirements of the preparation guide, one test function each.

Shipped inside the wheel as ``pytest_flowscape.suites``; suites import only
``pytest_flowscape``, never each other, because their own name differs by
installation.
"""
