"""A simulated Exchange Server and Active Directory, a process of its own; shares no code with the product."""
