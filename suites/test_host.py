"""The host: the hostname leads to a trusted Exchange that takes a user name and a password."""

from __future__ import annotations

from datetime import timedelta

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Certificate, Endpoint, Host, Kind, front_ends
from pytest_flowscape.facts.front_ends import FrontEnd
from pytest_flowscape.judging import entries
from pytest_flowscape.judging.remedies import EXCHANGE, NO_WAIT, SAFE, fix
from pytest_flowscape.requirement import Notes, Owner, Per, expect, requirement
from pytest_flowscape.site.model import Site

ENDS_SOON = timedelta(days=30)
UNREACHED = {
    Kind.UNRESOLVABLE: ("host-unresolvable", "the name does not resolve"),
    Kind.REFUSED: ("host-refused", "the host refuses the connection"),
    Kind.SILENT: ("host-silent", "the host does not answer in time"),
}
NO_TLS = ("host-no-tls", "the host is reached, but it completes no TLS handshake of version 1.2 or later")
TRUST_FIX = fix(
    "If your own authority issued the certificate, put its root certificate into a PEM file and name it as ca_file "
    "under [exchange]. Whoever installs Flowscape has to import the same root there.",
    "If the certificate is self-signed, replace it by one from an authority that Flowscape trusts. " + EXCHANGE,
    "  Get-ExchangeCertificate -Server 'EX1' | Format-List Thumbprint,Subject,Issuer,NotAfter,Services",
    "  Enable-ExchangeCertificate -Thumbprint 'THUMBPRINT' -Services IIS -Server 'EX1'" + SAFE,
    "Do the same on every front end and on the load balancer. To undo, enable the former certificate again. " + NO_WAIT,
)
CHAIN_FIX = fix(
    "If an intermediate certificate is missing: import it into the store 'Intermediate Certification Authorities' of "
    "every front end and into the load balancer's chain, then restart what serves HTTPS there, out of hours. "
    "First set $WhatIfPreference = $true: the command then only shows what it would do.",
    "  Import-Certificate -FilePath 'C:\\intermediate.cer' -CertStoreLocation 'Cert:\\LocalMachine\\CA'" + SAFE,
    "A browser on Windows fetches missing intermediates by itself and hides this fault. If the issuer is your own "
    "root, name its PEM file as ca_file under [exchange] instead. To undo, remove the certificate. " + NO_WAIT,
)
WAYS_FIX = fix(
    EXCHANGE,
    "  Get-WebServicesVirtualDirectory -Server 'EX1' | Format-List Identity,WindowsAuthentication,BasicAuthentication",
    "  Set-WebServicesVirtualDirectory -Identity 'EX1\\EWS (Default Web Site)' -WindowsAuthentication $true" + SAFE,
    "Never change 'Exchange Back End', and leave Extended Protection on. Do it on every front end. "
    "To undo, set the former value. Waiting time: some minutes, until IIS has taken it over.",
)
FORBIDDEN_FIX = fix(
    "Find what answers 403 before anybody signs in: a firewall, a reverse proxy or an IP restriction in IIS. "
    "Let the address of this machine and of the Flowscape server through to /EWS/.",
    EXCHANGE,
    "  Get-OrganizationConfig | Format-List EwsEnabled,EwsApplicationAccessPolicy,EwsAllowList,EwsBlockList",
    "To undo, restore the former rule. " + NO_WAIT,
)

FRONT_END_FIX = fix(
    "Take the front end that is named out of the balancer's pool until it is mended, then look at its own EWS. "
    "One without a name is found in the balancer's list of members. " + EXCHANGE,
    "  Test-ServiceHealth -Server 'EX1'",
    "  Get-WebServicesVirtualDirectory -Server 'EX1' | Format-List Identity,WindowsAuthentication,BasicAuthentication",
    "  Get-ServerComponentState -Identity 'EX1' -Component EwsProxy",
    "Give it the settings of the others. To undo, put it back into the pool. " + NO_WAIT,
)


@requirement(
    "HOST-1",
    title="Hostname resolves and accepts TLS",
    per=Per.SITE,
    owner=Owner.NETWORK,
    consequence="Flowscape cannot reach Exchange: no room can be shown or booked.",
    fix=fix(
        "Look from the machine on which Flowscape will run (use the port of the site file):",
        "  Resolve-DnsName -Name '{hostname}'",
        "  Test-NetConnection -ComputerName '{hostname}' -Port 443",
        "Add or correct the DNS record, open the port on the way, offer TLS 1.2 or later; or correct the hostname in "
        "the site file. To undo, restore the former record or rule. "
        "Waiting time: none for a rule; a DNS record is seen when its time to live has passed.",
    ),
    link="https://learn.microsoft.com/en-us/exchange/plan-and-deploy/deployment-ref/network-ports?view=exchserver-2019",
    guide="Get the hostname",
    handover=("hostname",),
)
def test_hostname_accepts_connections(host: Host, notes: Notes) -> None:
    """The hostname MUST resolve and accept TLS connections of version 1.2 or later.

    One address that works is enough; a dead further one is noted.
    """
    cause, sentence = UNREACHED.get(host.trouble.kind, NO_TLS) if host.trouble else ("", "")
    expect(
        host.trouble is None,
        expected=f"TLS connections on port {host.port} of {host.hostname}",
        found=f"{sentence}: {host.trouble.said}" if host.trouble else "",
        cause=cause,
    )
    reached = [tried for tried in host.addresses if tried.trouble is None]
    if not reached and host.certificate is None:
        raise NotMeasured("no address of the host was tried")
    for dead in (tried for tried in host.addresses if tried.trouble is not None):
        assert dead.trouble is not None
        notes.add(f"{dead.address} does not work ({dead.trouble.said}); clients that pick it wait or fail.")


@requirement(
    "HOST-2",
    title="Certificate is trusted",
    per=Per.SITE,
    owner=Owner.NETWORK,
    consequence="Flowscape refuses the connection: a password must not be sent to a host that cannot prove its name.",
    fix=fix(
        "Give the host a certificate that names '{hostname}'. " + EXCHANGE,
        "  Get-ExchangeCertificate -Server 'EX1' | Format-List Thumbprint,Subject,CertificateDomains,NotAfter,Services",
        "  Enable-ExchangeCertificate -Thumbprint 'THUMBPRINT' -Services IIS -Server 'EX1'" + SAFE,
        "Do the same on every front end and on the load balancer. If the hostname is misspelt, correct it in the site "
        "file. To undo, enable the former certificate again. " + NO_WAIT,
    ),
    link="https://learn.microsoft.com/en-us/exchange/architecture/client-access/certificates?view=exchserver-2019",
    guide="Get the hostname",
    needs=("HOST-1",),
    steps={"tls-name": "certificate", "tls-expired": "certificate", "tls-unknown-issuer": "certificate"},
    handover=("hostname",),
)
def test_certificate_is_trusted(host: Host, notes: Notes) -> None:
    """The certificate MUST be trusted, name the host, be in date and come with its intermediates.

    Trust is told for the machine of this run: its operating system's roots and
    the site file's ca_file.
    """
    if host.certificate_trouble is not None:
        _judge_certificate(host, host.certificate_trouble.kind, host.certificate_trouble.said)
    if host.certificate is None:
        raise NotMeasured("the host's certificate was not seen")
    ends = host.certificate.not_after
    trust = (
        "the site file's ca_file: import the same root where Flowscape runs"
        if host.trusted_by == "ca_file"
        else f"{host.trusted_by or 'this machine'}"
    )
    notes.add(f"The certificate ends on {entries.day(ends)}; it is trusted by {trust}.")
    if ends - entries.now() < ENDS_SOON:
        notes.add(f"The certificate ends in less than {ENDS_SOON.days} days: renew it before the product goes live.")


def _judge_certificate(host: Host, kind: Kind, said: str) -> None:
    """Fail HOST-2 by what is wrong with the certificate."""
    shown = host.certificate
    expected = f"a trusted certificate for {host.hostname}, in date, with its intermediates"
    if kind is Kind.TLS_NAME:
        names = ", ".join(shown.names) if shown and shown.names else said
        expect(False, expected=expected, found=f"the certificate names another host: {names}", cause="tls-name")
    if kind is Kind.TLS_EXPIRED:
        expect(False, expected=expected, found=_out_of_date(shown, said), cause="tls-expired")
    if _only_leaf_sent(host) and kind is Kind.TLS_UNKNOWN_ISSUER:
        assert shown is not None
        found = (
            f"the server sends its own certificate alone, and its issuer '{shown.issuer}' is not known here: "
            "an intermediate that is missing, or your own root"
        )
        expect(False, expected=expected, found=found, cause="tls-missing-intermediate", fix=CHAIN_FIX)
    issuer = f" ({shown.issuer})" if shown else ""
    found = f"the certificate's issuer{issuer} is not trusted: {said}"
    expect(False, expected=expected, found=found, cause="tls-unknown-issuer", fix=TRUST_FIX)


def _only_leaf_sent(host: Host) -> bool:
    return len(host.chain) == 1 and not host.chain[0].self_issued


def _out_of_date(shown: Certificate | None, said: str) -> str:
    if shown is None:
        return f"the certificate is out of date: {said}"
    if shown.not_before > entries.now():
        return f"the certificate begins only on {entries.day(shown.not_before)}"
    return f"the certificate ended on {entries.day(shown.not_after)}"


@requirement(
    "HOST-3",
    title="EWS answers and offers password sign-in",
    per=Per.SITE,
    owner=Owner.EXCHANGE,
    consequence="Flowscape talks to Exchange Web Services only: without them it can neither read nor book rooms.",
    fix=fix(
        "Make sure that '{hostname}' leads to an Exchange server or its balancer, and that /EWS/ is published there.",
        EXCHANGE,
        "  Get-WebServicesVirtualDirectory -ADPropertiesOnly | Format-List Server,InternalUrl,ExternalUrl",
        "If the hostname is another, correct it in the site file. To undo, restore the former publishing rule. "
        + NO_WAIT,
    ),
    link="https://learn.microsoft.com/en-us/exchange/clients/default-virtual-directory-settings?view=exchserver-2019",
    guide="Get the hostname",
    needs=("HOST-2",),
    steps={"ews-no-password-way": "sign_in_ways", "": "ews_look"},
    handover=("hostname",),
)
def test_ews_offers_password_sign_in(endpoint: Endpoint, site: Site, notes: Notes) -> None:
    """Exchange Web Services MUST answer at the hostname and offer a sign-in with user name and password.

    Negotiate, NTLM and Basic are such ways. Behind a balancer every front end
    that is seen has to answer so.
    """
    trouble = endpoint.trouble
    expected = f"EWS at {endpoint.url}, offering Negotiate, NTLM or Basic"
    _judge_front_ends(endpoint)
    if trouble is not None and trouble.kind is Kind.NOT_FOUND:
        expect(False, expected=expected, found=f"there is no EWS: {trouble.said}", cause="ews-not-found")
    if trouble is not None and trouble.kind is Kind.FORBIDDEN:
        found = f"EWS is blocked before anybody signs in: {trouble.said}"
        expect(False, expected=expected, found=found, cause="ews-forbidden", fix=FORBIDDEN_FIX)
    if trouble is not None and trouble.kind is Kind.NO_PASSWORD_WAY:
        offered = ", ".join(endpoint.ways) or "nothing"
        found = f"EWS offers no sign-in with a password, but {offered}"
        expect(False, expected=expected, found=found, cause="ews-no-password-way", fix=WAYS_FIX)
    if trouble is not None:
        raise NotMeasured(f"EWS gave no answer about it: {trouble.said}")
    notes.add(f"EWS offers {', '.join(endpoint.ways)}.")
    _note_front_ends(endpoint, site, notes)


def _judge_front_ends(endpoint: Endpoint) -> None:
    """Fail HOST-3 by a front end that does not answer as others do. Raises NotMeasured where one is in doubt."""
    expected = f"every front end behind {endpoint.url} to answer, and to offer a way to sign in that all of them offer"
    bad, unlike = front_ends.bad(endpoint.looks), front_ends.unlike(endpoint.looks)
    good = [one.name for one in front_ends.seen(endpoint.looks) if one.good and one.name]
    found = f"{'; '.join(map(str, bad))}. Answered well: {', '.join(good) or 'other connections'}"
    expect(not bad, expected=expected, found=found, cause="front-end-bad", fix=FRONT_END_FIX)
    expect(
        bool(endpoint.ways) or not unlike,
        expected=expected,
        found=f"no way is offered by all: {_offers(unlike)}",
        cause="front-end-bad",
        fix=FRONT_END_FIX,
    )
    doubtful = front_ends.doubtful(endpoint.looks)
    if doubtful:
        raise NotMeasured(f"{'; '.join(map(str, doubtful))}. It was met once, or only asked to wait: run again later")


def _note_front_ends(endpoint: Endpoint, site: Site, notes: Notes) -> None:
    seen, count = front_ends.seen(endpoint.looks), len(endpoint.looks)
    names = [one.name for one in seen if one.name]
    if len(names) > 1:
        notes.add(f"Front ends seen on {count} connections: {', '.join(names)}; others may stand behind the hostname.")
    for one in front_ends.unsteady(endpoint.looks):
        notes.add(f"{one} (once; it answered well at another time).")
    unlike = front_ends.unlike(endpoint.looks)
    if unlike:
        notes.add(f"The front ends differ: {_offers(unlike)}. Only what all offer is used here.")
    unseen = front_ends.unseen(endpoint.looks, site.exchange.front_ends)
    if unseen:
        notes.add(f"Not seen on {count} connections, and so not proven: {', '.join(unseen)}. Look at each by its name.")


def _offers(unlike: tuple[FrontEnd, ...]) -> str:
    return "; ".join(f"{one.name or front_ends.UNNAMED} offers {', '.join(one.ways)}" for one in unlike)
