"""pytest's and xdist's hooks: collect, fixtures, outcomes, schedule, record, scrub."""
