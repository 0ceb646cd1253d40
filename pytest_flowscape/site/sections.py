"""One function per section of a site file: its keys in, the frozen part of Site out; a missing section has defaults."""

from __future__ import annotations

from pathlib import Path

from pytest_flowscape.site import network, values
from pytest_flowscape.site.decisions import signature
from pytest_flowscape.site.keys import Keys
from pytest_flowscape.site.lines import Mistakes
from pytest_flowscape.site.model import Booking, Directory, Exchange, PasswordSource, Room, ServiceAccount, Users
from pytest_flowscape.site.rooms import RoomLine, read_rooms

MAX_CONNECTIONS = 8
WHY_CONNECTIONS = "The live product shares the customer's limit, which may be 10."
MAX_TIMEOUT = 300
WHY_TIMEOUT = "A phase waits this long, its second try included."
MAX_ANSWER = 3600
MAX_ROOMS = 100_000


def read_exchange(keys: Keys, base: Path) -> Exchange:
    """Return ``[exchange]``; the defaults are those of ``Exchange``."""
    default = Exchange("")
    host, port = keys.one("hostname", network.host_and_port, required=True) or ("", 443)
    proxy = keys.one("proxy", network.proxy) or default.proxy
    auth = keys.one("auth", network.auth) or default.auth
    if auth == "basic" and proxy:
        what = "Basic sign-in through a proxy would show it the password."
        keys.wrong("auth", what, "Remove `proxy`, or write auto.")
    connections = values.whole_number(1, MAX_CONNECTIONS, "max_connections = 4", WHY_CONNECTIONS)
    return Exchange(
        hostname=host,
        port=port,
        ca_file=keys.one("ca_file", values.pem_file(base)),
        auth=auth,
        max_connections=keys.one("max_connections", connections) or default.max_connections,
        timeout=keys.one("timeout", values.seconds(1, MAX_TIMEOUT, "timeout = 30", WHY_TIMEOUT)) or default.timeout,
        user_agent=keys.one("user_agent", values.header_text) or default.user_agent,
        proxy=proxy,
        front_ends=tuple(dict.fromkeys(name for _, name in keys.many("front_ends", network.front_end))),
    )


def read_service_account(keys: Keys, base: Path) -> ServiceAccount:
    """Return ``[service_account]``; the password itself is not read."""
    return ServiceAccount(
        username=keys.one("username", values.username, required=True) or "",
        email=keys.one("email", values.address, required=True) or "",
        password=_read_password(keys, base, required=True) or PasswordSource("prompt"),
    )


def _read_password(keys: Keys, base: Path, *, required: bool) -> PasswordSource | None:
    """Return a password reference; a file that it names must exist."""
    source = keys.one("password", values.password_source, required=required)
    if source and source.kind == "file":
        try:
            values.existing_file(base)(source.name)
        except values.Wrong as wrong:
            keys.wrong("password", f"`password`: {wrong.what}", wrong.instead)
    return source


def read_directory(keys: Keys, base: Path, account: ServiceAccount) -> Directory | None:
    """Return ``[directory]``, None if it is not written; without user name the service account binds."""
    servers = keys.many("servers", network.directory_server, required=True, unique=True)
    start_tls = keys.one("start_tls", values.yes_or_no) or False
    for line, server in servers:
        if not server.tls and not start_tls:
            what = f"`servers`: {server} has no TLS, and passwords are sent over TLS only."
            keys.wrong(line, what, f"Write ldaps://{server.host}, or add `start_tls = yes`.")
    if start_tls and servers and all(server.tls for _, server in servers):
        keys.wrong("start_tls", "`start_tls` is for ldap:// servers, and there is none.", "Remove the line.")
    username = keys.one("username", values.username)
    password = _read_password(keys, base, required=False)
    for key, missing in (("username", "password"), ("password", "username")):
        if key in keys and missing not in keys:
            what = f"`{key}` is set without `{missing}`."
            keys.wrong(key, what, "Write both, or neither: then the service account binds.")
    if password and password.kind == "env" and password == account.password:
        keys.wrong(
            "password",
            "`password` names the service account's environment variable, which can be read only once.",
            "Name another variable, or remove `username` and `password`: then the service account binds.",
        )
    directory = Directory(
        servers=tuple(server for _, server in servers),
        base_dn=keys.one("base_dn", network.base_dn, required=True) or "",
        ca_file=keys.one("ca_file", values.pem_file(base)),
        start_tls=start_tls,
        username=username,
        password=password,
    )
    return directory if keys else None


def read_room_list(keys: Keys, base: Path, account: ServiceAccount, mistakes: Mistakes) -> tuple[Room, ...]:
    """Return the rooms of ``[rooms]``: the addresses of the section, or the rooms of the file that it names."""
    keys.check_one_of("addresses", "file", "List the rooms under `addresses`, one per line, indented.")
    found = tuple(RoomLine(Room(email), mistakes.path, line) for line, email in keys.many("addresses", values.address))
    path = keys.one("file", values.existing_file(base))
    if path:
        rooms, faults = read_rooms(path)
        mistakes.found.extend(faults)
        found += rooms
    first: dict[str, RoomLine] = {}
    for place in found:
        email = place.room.email
        earlier = first.setdefault(email, place)
        notes = Mistakes(place.path, mistakes.found)
        if earlier is not place:
            where = f"line {earlier.line}" if earlier.path == place.path else f"{earlier.path}:{earlier.line}"
            what = f"The room {email} appears twice, first in {where}."
            notes.add(place.line, what, "Remove one of the two.")
        elif email == account.email:
            what = f"The room {email} is the service account."
            notes.add(place.line, what, "List rooms only; the account is tested anyway.")
    return tuple(place.room for place in first.values())


def read_users(keys: Keys, account: ServiceAccount, rooms: tuple[Room, ...]) -> Users:
    """Return ``[users]``: addresses, or the signed decision to test none, and a mailbox that must stay closed."""
    room_addresses = {room.email for room in rooms}
    listed = keys.many("addresses", values.address, unique=True)
    for line, email in listed:
        if email in room_addresses:
            keys.wrong(line, f"`addresses`: {email} is a room of this site file.", "List people here.")
        elif email == account.email:
            what = f"`addresses`: {email} is the service account."
            keys.wrong(line, what, "List people here; the account is tested anyway.")
    keys.check_one_of("addresses", "none", "List at least one user, or write `none = NAME DATE: reason`.")
    none_by, none_on, none_reason = keys.one("none", signature, folds=True) or ("", None, "")
    out_of_scope = keys.one("out_of_scope", values.address) or ""
    owners = {email: "a user" for _, email in listed} | dict.fromkeys(room_addresses, "a room")
    owners |= {account.email: "the service account"}
    if out_of_scope and out_of_scope in owners:
        what = f"`out_of_scope`: {out_of_scope} is {owners[out_of_scope]} of this site file."
        instead = "Name a test mailbox that the service account must not be able to impersonate."
        keys.wrong("out_of_scope", what, instead)
    addresses = tuple(dict.fromkeys(email for _, email in listed))
    return Users(addresses, none_by, none_on, none_reason, out_of_scope)


def read_booking(keys: Keys, rooms: tuple[Room, ...]) -> Booking:
    """Return ``[booking]``: its rooms are among the site's, and somebody approved it."""
    listed = keys.many("rooms", values.address, required=True, unique=True)
    known = {room.email for room in rooms}
    for line, email in listed:
        if known and email not in known:
            keys.wrong(line, f"`rooms`: {email} is not in [rooms].", "Add it there, or remove it here.")
    timeout = values.seconds(1, MAX_ANSWER, "answer_timeout = 120")
    return Booking(
        rooms=tuple(dict.fromkeys(email for _, email in listed)),
        window=keys.one("window", values.window, required=True),
        approved_by=keys.one("approved_by", values.plain, required=True) or "",
        answer_timeout=keys.one("answer_timeout", timeout) or Booking().answer_timeout,
    )
