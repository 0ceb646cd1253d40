"""Facts by name and target, gathered in time: the site, then rooms and users."""
