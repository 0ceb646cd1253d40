"""Conditions of the Exchange host: its certificate, what front ends answer, sign-in methods, limits."""

from __future__ import annotations

from pytest_flowscape.simulator.conditions.fields import Condition, policy, service


def _show(kind: str) -> Condition:
    return lambda runtime, _target: runtime.show_certificate(kind)


EXCHANGE_CONDITIONS: dict[str, Condition] = {
    # the host and its certificate
    "silent": policy(silent=True),
    "ews-silent": policy(before_sign_in="silent"),
    "tls-expired": _show("expired"),
    "tls-unknown-ca": _show("unknown-ca"),
    "tls-name": _show("name"),
    "tls-no-intermediate": _show("no-intermediate"),
    # in front of EWS
    "ews-404": policy(before_sign_in="404"),
    "ews-503": policy(before_sign_in="503"),
    "ews-403": policy(before_sign_in="403"),
    "ews-302": policy(before_sign_in="302"),
    "ews-440": policy(before_sign_in="440"),
    "ews-500": policy(before_sign_in="500"),
    "ews-html": policy(before_sign_in="html"),
    "ews-bearer-only": policy(bearer_only=True),
    # after the password
    "forbidden-after": service(ews_blocked=True),
    "page-after": policy(after_sign_in="302"),
    "html-after": policy(after_sign_in="html"),
    "440-after": policy(after_sign_in="440"),
    "503-after": policy(after_sign_in="503"),
    # ways to sign in
    "negotiate-only": policy(ways=("Negotiate",)),
    "ntlm-only": policy(ways=("NTLM",)),
    "basic-only": policy(ways=("Basic",)),
    "no-basic": policy(ways=("Negotiate", "NTLM")),
    "extended-protection": policy(extended_protection=True),
    "tls-bridged": policy(extended_protection=True, bridged=True),
    "ntlm-refused": service(ews_refuses=frozenset(("NTLM", "Negotiate"))),
    "basic-refused": service(ews_refuses=frozenset(("Basic",))),
    # limits
    "throttled": policy(throttle="busy", throttle_count=None),
    "throttled-once": policy(throttle="busy", throttle_count=1),
    "inner-throttled": policy(throttle="inner-busy", throttle_count=None),
    "inner-throttled-once": policy(throttle="inner-busy", throttle_count=1),
    "unavailable": policy(throttle="503", throttle_count=None),
    "unavailable-once": policy(throttle="503", throttle_count=1),
    "slow": policy(latency=0.03),
    "one-at-a-time": policy(max_concurrency=1, latency=0.1),
    "one-session": policy(store_sessions=1, store_linger=0.2),
    "two-sessions": policy(store_sessions=2, store_linger=30.0),
    "many-front-ends": policy(front_ends=("EX01", "EX02", "EX03")),
}
