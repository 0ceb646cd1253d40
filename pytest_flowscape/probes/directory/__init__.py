"""LDAP: sign-in, searches and what they find."""
