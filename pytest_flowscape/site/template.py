"""The commented site file that ``--flowscape-template`` prints.

Plain ASCII, so that it survives every shell and code page. Angle brackets
mark what must be replaced; a file that still has them is refused.
"""

from __future__ import annotations

TEMPLATE = r"""# Site file of an acceptance run. Make the three edits marked EDIT, then:
#     pytest --flowscape-config=site.ini
# A line that begins with # or ; is a comment; a comment after a value is not.
# Lists: one entry per line, each indented. Every key: docs/site-file.md.

[site]
# For the page that both sides sign.
# customer = Customer Ltd.
# name = Head office
# contact = A. Admin, a.admin@customer.com

# EDIT 1: the host name of Exchange.
[exchange]
hostname = <mail.customer.com>
# Your own CA, PEM (Base-64), unless this machine trusts it already:
# ca_file = customer-ca.pem
# max_connections = 4
# timeout = 30

# EDIT 2: the service account. Its password is never in this file.
[service_account]
username = <CUSTOMER\svc-flowscape>
email = <svc-flowscape@customer.com>
# env:NAME, file:PATH, keyring:SERVICE, or prompt, which asks once.
password = prompt

# EDIT 3: the rooms, and at least one person whose calendar will be shown.
[rooms]
addresses =
    <atlas@customer.com>
# Instead of addresses, a CSV file with a column email:
# file = rooms.csv
# expected = 42

[users]
addresses =
    <a.person@customer.com>
# Instead of addresses, if somebody decided so:
# none = A. Admin 2026-11-20: no calendars of people are shown
# A test mailbox that the service account must NOT be able to act as:
# out_of_scope = canary@customer.com

# Without this section, checks that need Active Directory are not measured.
# gc:// is a global catalog: it has the addresses of all domains of the forest.
# [directory]
# servers =
#     ldaps://dc01.customer.com
#     gc://dc01.customer.com
# base_dn = DC=customer,DC=com
# ca_file = customer-ca.pem

[handover]
# How the password reaches the installer: vault, one-time link, in person.
# password_by = one-time link

[waivers]
# PERMISSION-1 atlas@customer.com = A. Admin until 2027-01-31: ticket 4711

[attestations]
# ACCOUNT-1 = A. Admin 2026-11-20: checked in Active Directory Users and Computers
"""
