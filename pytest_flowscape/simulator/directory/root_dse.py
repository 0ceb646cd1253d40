"""The rootDSE of a domain controller, and the OIDs of what it supports."""

from __future__ import annotations

from datetime import datetime, timezone

from pytest_flowscape.simulator.directory.schema import Values, generalized_time, text
from pytest_flowscape.simulator.domains import Domain
from pytest_flowscape.simulator.model import Organisation

PAGED_RESULTS = "1.2.840.113556.1.4.319"
SECURITY_DESCRIPTOR_FLAGS = "1.2.840.113556.1.4.801"
DOMAIN_SCOPE = "1.2.840.113556.1.4.1339"
START_TLS = "1.3.6.1.4.1.1466.20037"
WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3"
CONTROLS = (PAGED_RESULTS, SECURITY_DESCRIPTOR_FLAGS, DOMAIN_SCOPE)


def root_dse(organisation: Organisation, domain: Domain, host: str = "localhost") -> dict[str, Values]:
    """Return the rootDSE's attributes by name (RFC 4512 5.1, MS-ADTS 3.1.1.3.2): readable by anybody."""
    base, root = domain.base_dn, organisation.base_dn
    configuration = f"CN=Configuration,{root}"
    return {
        "currentTime": generalized_time(datetime.now(timezone.utc)),
        "defaultNamingContext": text(base),
        "rootDomainNamingContext": text(root),
        "configurationNamingContext": text(configuration),
        "schemaNamingContext": text(f"CN=Schema,{configuration}"),
        "namingContexts": text(base, configuration, f"CN=Schema,{configuration}"),
        "dnsHostName": text(host),
        "isSynchronized": text("TRUE"),
        "isGlobalCatalogReady": text("TRUE"),
        "supportedLDAPVersion": text("3", "2"),
        "supportedControl": text(*CONTROLS),
        "supportedExtension": text(START_TLS, WHO_AM_I),
        "supportedCapabilities": text("1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"),
    }
