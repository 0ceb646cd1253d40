"""The LDAP side of the simulator: a domain controller as far as the product asks it."""
