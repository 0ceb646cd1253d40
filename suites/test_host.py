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
CAUSES = {Kind.UNRESOLVABLE: "host-unresolvable", Kind.REFUSED: "host-refused", Kind.SILENT: "host-silent"}
NO_TLS = "host-no-tls"
TRUST_FIX = fix(
    "If your own authority issued the certificate, save its root certificate as a PEM file and name it as ca_file "
    "under [exchange]. The same root has to be imported where Flowscape runs.",
    "If the certificate is self-signed, replace it with one from an authority that Flowscape trusts. " + EXCHANGE,
    "  Get-ExchangeCertificate -Server 'EX1' | Format-List Thumbprint,Subject,Issuer,NotAfter,Services",
    "  Enable-ExchangeCertificate -Thumbprint 'THUMBPRINT' -Services IIS -Server 'EX1'" + SAFE,
    "Do the same on every front end and on the load balancer. To undo, enable the former certificate again. " + NO_WAIT,
)
CHAIN_FIX = fix(
    "If an intermediate certificate is missing: import it into the store 'Intermediate Certification Authorities' of "
    "every front end and into the load balancer's chain, then restart the HTTPS service there, out of hours. "
    "First set $WhatIfPreference = $true: the command then only shows what it would do.",
    "  Import-Certificate -FilePath 'C:\\intermediate.cer' -CertStoreLocation 'Cert:\\LocalMachine\\CA'" + SAFE,
    "A browser on Windows fetches missing intermediates by itself and hides this error. If the issuer is your own "
    "root, name its PEM file as ca_file under [exchange] instead. To undo, remove the certificate. " + NO_WAIT,
)
WAYS_FIX = fix(
    EXCHANGE,
    "  Get-WebServicesVirtualDirectory -Server 'EX1' | Format-List Identity,WindowsAuthentication,BasicAuthentication",
    "  Set-WebServicesVirtualDirectory -Identity 'EX1\\EWS (Default Web Site)' -WindowsAuthentication $true" + SAFE,
    "Never change 'Exchange Back End', and leave Extended Protection on. Do it on every front end. "
    "To undo, set the former value. Waiting time: a few minutes, until IIS applies the change.",
)
FORBIDDEN_FIX = fix(
    "Find what answers 403 before the sign-in: a firewall, a reverse proxy or an IP restriction in IIS. "
    "Allow the addresses of this machine and of the Flowscape server to reach /EWS/.",
    EXCHANGE,
    "  Get-OrganizationConfig | Format-List EwsEnabled,EwsApplicationAccessPolicy,EwsAllowList,EwsBlockList",
    "To undo, restore the former rule. " + NO_WAIT,
)

FRONT_END_FIX = fix(
    "Take the front end named above out of the load balancer's pool until it is fixed, then check its EWS. "
    "If it has no name, see the load balancer's list of members. " + EXCHANGE,
    "  Test-ServiceHealth -Server 'EX1'",
    "  Get-WebServicesVirtualDirectory -Server 'EX1' | Format-List Identity,WindowsAuthentication,BasicAuthentication",
    "  Get-ServerComponentState -Identity 'EX1' -Component EwsProxy",
    "Give it the same settings as the others. To undo, put it back into the pool. " + NO_WAIT,
)


@requirement(
    "HOST-1",
    title="Hostname resolves and accepts TLS",
    per=Per.SITE,
    owner=Owner.NETWORK,
    consequence="Flowscape cannot reach Exchange: no room can be shown or booked.",
    fix=fix(
        "Check from the machine on which Flowscape will run (use the port of the site file):",
        "  Resolve-DnsName -Name '{hostname}'",
        "  Test-NetConnection -ComputerName '{hostname}' -Port 443",
        "Add or correct the DNS record, open the port on the way, offer TLS 1.2 or later; or correct the hostname in "
        "the site file. To undo, restore the former record or rule. "
        "Waiting time: none for a rule; a DNS record is visible when its time to live has passed.",
    ),
    link="https://learn.microsoft.com/en-us/exchange/plan-and-deploy/deployment-ref/network-ports?view=exchserver-2019",
    guide="Get the hostname",
    handover=("hostname",),
)
def test_hostname_accepts_connections(host: Host, notes: Notes) -> None:
    """The hostname MUST resolve and accept TLS connections of version 1.2 or later.

    One working address is enough; one that does not work is noted.
    """
    expected = f"TLS connections of version 1.2 or later on port {host.port} of {host.hostname}"
    if host.trouble:
        cause = CAUSES.get(host.trouble.kind, NO_TLS)
        why = "the host answers, but no TLS connection is possible: " if cause == NO_TLS else ""
        expect(False, expected=expected, found=f"{why}{host.trouble.said}", cause=cause)
    reached = [tried for tried in host.addresses if tried.trouble is None]
    if not reached and host.certificate is None:
        raise NotMeasured("no address of the host was tried")
    for dead in (tried for tried in host.addresses if tried.trouble is not None):
        assert dead.trouble is not None
        notes.add(f"{dead.address} does not work ({dead.trouble.said}); clients that use it wait or fail.")


@requirement(
    "HOST-2",
    title="Certificate is trusted",
    per=Per.SITE,
    owner=Owner.NETWORK,
    consequence="Flowscape refuses the connection: a password must not be sent to a host that cannot prove its name.",
    fix=fix(
        "Give the host a certificate for '{hostname}'. " + EXCHANGE,
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

    Trust applies to the machine of this run: its operating system's roots and
    the site file's ca_file.
    """
    if host.certificate_trouble is not None:
        _judge_certificate(host, host.certificate_trouble.kind, host.certificate_trouble.said)
    if host.certificate is None:
        raise NotMeasured("the host sent no certificate")
    ends = host.certificate.not_after
    trust = (
        "the ca_file of the site file: import the same root where Flowscape runs"
        if host.trusted_by == "ca_file"
        else f"{host.trusted_by or 'this machine'}"
    )
    notes.add(f"The certificate expires on {entries.day(ends)}; it is trusted by {trust}.")
    if ends - entries.now() < ENDS_SOON:
        notes.add(f"The certificate expires in less than {ENDS_SOON.days} days: renew it before the product goes live.")


def _judge_certificate(host: Host, kind: Kind, said: str) -> None:
    """Fail HOST-2 by what is wrong with the certificate."""
    shown = host.certificate
    expected = f"a trusted certificate for {host.hostname}, in date, with its intermediates"
    if kind is Kind.TLS_NAME:
        names = ", ".join(shown.names) if shown and shown.names else said
        expect(False, expected=expected, found=f"the certificate is for another host: {names}", cause="tls-name")
    if kind is Kind.TLS_EXPIRED:
        expect(False, expected=expected, found=_out_of_date(shown, said), cause="tls-expired")
    if _only_leaf_sent(host) and kind is Kind.TLS_UNKNOWN_ISSUER:
        assert shown is not None
        found = (
            f"the server sends only its own certificate, and the issuer '{shown.issuer}' is not trusted here: an "
            "intermediate certificate is missing, or the issuer is your own root"
        )
        expect(False, expected=expected, found=found, cause="tls-missing-intermediate", fix=CHAIN_FIX)
    issuer = f" ({shown.issuer})" if shown else ""
    found = f"the certificate's issuer{issuer} is not trusted: {said}"
    expect(False, expected=expected, found=found, cause="tls-unknown-issuer", fix=TRUST_FIX)


def _only_leaf_sent(host: Host) -> bool:
    return len(host.chain) == 1 and not host.chain[0].self_issued


def _out_of_date(shown: Certificate | None, said: str) -> str:
    if shown is None:
        return f"the certificate is not valid at this date: {said}"
    if shown.not_before > entries.now():
        return f"the certificate is valid only from {entries.day(shown.not_before)}"
    return f"the certificate expired on {entries.day(shown.not_after)}"


@requirement(
    "HOST-3",
    title="EWS answers and offers password sign-in",
    per=Per.SITE,
    owner=Owner.EXCHANGE,
    consequence="Flowscape uses Exchange Web Services only: without them it can neither read nor book rooms.",
    fix=fix(
        "Make sure that '{hostname}' leads to an Exchange server or a load balancer, and that /EWS/ is published.",
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

    By Negotiate, NTLM or Basic. Behind a load balancer this applies to every
    front end that answered.
    """
    trouble = endpoint.trouble
    expected = f"EWS at {endpoint.url}, offering Negotiate, NTLM or Basic"
    _judge_front_ends(endpoint)
    if trouble is not None and trouble.kind is Kind.NOT_FOUND:
        expect(False, expected=expected, found=f"there is no EWS: {trouble.said}", cause="ews-not-found")
    if trouble is not None and trouble.kind is Kind.FORBIDDEN:
        found = f"EWS is blocked before sign-in: {trouble.said}"
        expect(False, expected=expected, found=found, cause="ews-forbidden", fix=FORBIDDEN_FIX)
    if trouble is not None and trouble.kind is Kind.NO_PASSWORD_WAY:
        offered = ", ".join(endpoint.ways) or "nothing"
        found = f"EWS does not offer password sign-in, only {offered}"
        expect(False, expected=expected, found=found, cause="ews-no-password-way", fix=WAYS_FIX)
    if trouble is not None:
        raise NotMeasured(f"EWS sent an unexpected answer: {trouble.said}")
    notes.add(f"EWS offers {', '.join(endpoint.ways)}.")
    _note_front_ends(endpoint, site, notes)


def _judge_front_ends(endpoint: Endpoint) -> None:
    """Fail HOST-3 by a front end that does not answer as others do. Raises NotMeasured where one is in doubt."""
    expected = f"every front end behind {endpoint.url} to answer, and all of them to share a sign-in method"
    bad, unlike = front_ends.bad(endpoint.looks), front_ends.unlike(endpoint.looks)
    good = [one.name for one in front_ends.seen(endpoint.looks) if one.good and one.name]
    found = f"{'; '.join(map(str, bad))}. Correct answers: {', '.join(good) or 'other connections'}"
    expect(not bad, expected=expected, found=found, cause="front-end-bad", fix=FRONT_END_FIX)
    expect(
        bool(endpoint.ways) or not unlike,
        expected=expected,
        found=f"the front ends share no sign-in method: {_offers(unlike)}",
        cause="front-end-bad",
        fix=FRONT_END_FIX,
    )
    doubtful = front_ends.doubtful(endpoint.looks)
    if doubtful:
        raise NotMeasured(f"{'; '.join(map(str, doubtful))}. It answered once only, or asked to wait: run again later")


def _note_front_ends(endpoint: Endpoint, site: Site, notes: Notes) -> None:
    seen, count = front_ends.seen(endpoint.looks), len(endpoint.looks)
    names = [one.name for one in seen if one.name]
    if len(names) > 1:
        notes.add(f"Front ends seen on {count} connections: {', '.join(names)}; there may be more behind the hostname.")
    for one in front_ends.unsteady(endpoint.looks):
        notes.add(f"{one} (once; another answer was correct).")
    unlike = front_ends.unlike(endpoint.looks)
    if unlike:
        notes.add(f"The front ends differ: {_offers(unlike)}. Only methods that all of them offer are used.")
    unseen = front_ends.unseen(endpoint.looks, site.exchange.front_ends)
    if unseen:
        notes.add(f"Not seen on {count} connections, so not tested: {', '.join(unseen)}. Test each by its own name.")


def _offers(unlike: tuple[FrontEnd, ...]) -> str:
    return "; ".join(f"{one.name or front_ends.UNNAMED} offers {', '.join(one.ways)}" for one in unlike)
