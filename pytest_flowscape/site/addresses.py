"""Mailbox addresses as they are compared: trimmed, lower case, internationalised domains in their ASCII form.

Exchange compares SMTP addresses without regard to case. Two spellings of one
address must meet in one target, so every part of this package compares
addresses through this module.
"""

from __future__ import annotations

import re

LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
MAX_LOCAL_PART = 64  # RFC 5321 4.5.3.1.1
MAX_DOMAIN = 253  # RFC 1035 2.3.4, without the root's empty label
MAX_LABEL = 63


def parse_domain(text: str) -> str:
    """Return a domain or host name in lower case and in its ASCII form (RFC 5890, UTS 46).

    Underscores are allowed: Windows host names have them. Raises ValueError
    with half a sentence that says what is wrong.
    """
    domain = text.strip().lower()
    if not domain:
        raise ValueError("has no domain")
    if len(domain) > MAX_DOMAIN:
        raise ValueError(f"has a domain of more than {MAX_DOMAIN} characters")
    if not domain.isascii():
        domain = _ascii_form(domain)
    for label in domain.split("."):
        if len(label) > MAX_LABEL or not LABEL.fullmatch(label):
            raise ValueError("has a malformed domain")
    return domain


def _ascii_form(domain: str) -> str:
    import idna  # noqa: PLC0415  brings large tables; few sites need it

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        problem = "has a domain that is not a valid internationalised name"
    raise ValueError(problem)


def parse_address(text: str) -> str:
    """Return an SMTP address as it is compared, after a practical check.

    One ``@``, a plain ASCII local part without quotes, a domain of at least
    two labels that does not end in a number. Raises ValueError with half a
    sentence that says what is wrong ("has no @").
    """
    address = text.strip().lower()
    local_part, at, domain = address.partition("@")
    if not at:
        raise ValueError("has no @")
    if "@" in domain:
        raise ValueError("has more than one @")
    if len(local_part) > MAX_LOCAL_PART:
        raise ValueError(f"has more than {MAX_LOCAL_PART} characters before the @")
    if not LOCAL_PART.fullmatch(local_part):
        raise ValueError("has a malformed part before the @")
    domain = parse_domain(domain)
    labels = domain.split(".")
    if len(labels) < 2:
        raise ValueError("has a domain without a dot")
    if labels[-1].isdigit():
        raise ValueError("has a domain that ends in a number")
    return f"{local_part}@{domain}"


def canonical(text: str) -> str:
    """Return an address as it is compared; one that cannot be parsed is only trimmed and lower-cased.

    For values from a server: never raises.
    """
    try:
        return parse_address(text)
    except ValueError:
        return text.strip().lower()
