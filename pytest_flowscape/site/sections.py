"""One function per section of a site file: its entries in, the frozen part of Site out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pytest_flowscape.site import network, values
from pytest_flowscape.site.decisions import signed
from pytest_flowscape.site.keys import Keys
from pytest_flowscape.site.lines import Mistakes
from pytest_flowscape.site.model import Booking, Directory, Exchange, PasswordSource, Room, ServiceAccount, Users
from pytest_flowscape.site.rooms import PlacedRoom, read_rooms

MAX_CONNECTIONS = 8
WHY_CONNECTIONS = "The live product shares the customer's limit, which may be 10."
MAX_TIMEOUT = 300
MAX_ANSWER = 3600
MAX_ROOMS = 100_000


def read_exchange(keys: Keys, base: Path) -> Exchange:
    """Read ``[exchange]``; the defaults are those of ``Exchange``."""
    default = Exchange("")
    host, port = keys.one("hostname", network.host_and_port, required=True) or ("", 443)
    proxy = keys.one("proxy", network.proxy) or default.proxy
    auth = keys.one("auth", network.auth) or default.auth
    if auth == "basic" and proxy:
        keys.wrong(
            "auth", "Basic sign-in through a proxy would show it the password.", "Remove `proxy`, or write auto."
        )
    why = "A phase waits this long, its second try included."
    return Exchange(
        hostname=host,
        port=port,
        ca_file=keys.one("ca_file", values.pem_file(base)),
        auth=auth,
        max_connections=keys.one("max_connections", values.whole_number(1, MAX_CONNECTIONS, WHY_CONNECTIONS))
        or default.max_connections,
        timeout=keys.one("timeout", values.seconds(1, MAX_TIMEOUT, why)) or default.timeout,
        user_agent=keys.one("user_agent", values.header_text) or default.user_agent,
        proxy=proxy,
        front_ends=tuple(dict.fromkeys(name for _, name in keys.many("front_ends", network.front_end))),
    )


def read_service_account(keys: Keys, base: Path) -> ServiceAccount:
    """Read ``[service_account]``; the password itself is not read."""
    return ServiceAccount(
        username=keys.one("username", values.username, required=True) or "",
        email=keys.one("email", values.address, required=True) or "",
        password=read_password(keys, base, required=True) or PasswordSource("prompt"),
    )


def read_password(keys: Keys, base: Path, *, required: bool) -> PasswordSource | None:
    """Read a password reference; a file that it names must exist."""
    source = keys.one("password", values.password_source, required=required)
    if source and source.kind == "file":
        try:
            values.existing_file(base)(source.name)
        except values.Wrong as wrong:
            keys.wrong("password", f"`password`: {wrong.what}", wrong.instead)
    return source


def read_directory(keys: Keys, base: Path, account: ServiceAccount) -> Directory:
    """Read ``[directory]``; without user name the service account binds."""
    servers = keys.many("servers", network.directory_server, required=True)
    _note_repeats(keys, "servers", ((line, str(server)) for line, server in servers))
    start_tls = keys.one("start_tls", values.yes_or_no) or False
    for line, server in servers:
        if not server.tls and not start_tls:
            keys.wrong_at(
                line,
                f"`servers`: {server} has no TLS, and a password never travels without it.",
                f"Write ldaps://{server.host}, or add `start_tls = yes`.",
            )
    if start_tls and servers and all(server.tls for _, server in servers):
        keys.wrong("start_tls", "`start_tls` is for ldap:// servers, and there is none.", "Remove the line.")
    username = keys.one("username", values.username)
    password = read_password(keys, base, required=False)
    for there, missing in (("username", "password"), ("password", "username")):
        if there in keys and missing not in keys:
            keys.wrong(
                there, f"`{there}` stands without `{missing}`.", "Write both, or none: the service account binds."
            )
    if password and password.kind == "env" and password == account.password:
        keys.wrong(
            "password",
            "`password` names the service account's environment variable, which is read once.",
            "Remove `username` and `password`: the service account binds. Or name another variable.",
        )
    return Directory(
        servers=tuple(server for _, server in servers),
        base_dn=keys.one("base_dn", network.base_dn, required=True) or "",
        ca_file=keys.one("ca_file", values.pem_file(base)),
        start_tls=start_tls,
        username=username,
        password=password,
    )


def read_room_list(keys: Keys, base: Path, mistakes: Mistakes) -> tuple[PlacedRoom, ...]:
    """Read ``[rooms]``: the addresses of the section, or the rooms of the file that it names."""
    if ("addresses" in keys) == ("file" in keys):
        both = "addresses" in keys
        keys.wrong(
            "file",
            "[rooms] has both `addresses` and `file`." if both else "[rooms] has neither `addresses` nor `file`.",
            "Keep one of the two." if both else "List the rooms under `addresses`, one per line, indented.",
        )
    placed = tuple(
        PlacedRoom(Room(email), mistakes.path, line) for line, email in keys.many("addresses", values.address)
    )
    path = keys.one("file", values.existing_file(base))
    if path:
        rooms, found = read_rooms(path)
        mistakes.found.extend(found)
        placed += rooms
    first: dict[str, PlacedRoom] = {}
    for room in placed:
        earlier = first.setdefault(room.room.email, room)
        if earlier is not room:
            where = f"line {earlier.line}" if earlier.path == room.path else f"{earlier.path}:{earlier.line}"
            Mistakes(room.path, mistakes.found).add(
                room.line, f"The room {room.room.email} stands twice, first in {where}.", "Remove one of the two."
            )
    return tuple(first.values())


def read_expected(keys: Keys) -> int | None:
    """Read how many rooms both sides expect."""
    return keys.one("expected", values.whole_number(1, MAX_ROOMS, ""))


def read_users(keys: Keys, account: ServiceAccount, rooms: tuple[Room, ...]) -> Users:
    """Read ``[users]``: addresses, or the signed decision to test none, and a mailbox that must stay closed."""
    room_addresses = {room.email for room in rooms}
    listed = keys.many("addresses", values.address)
    _note_repeats(keys, "addresses", listed)
    for line, email in listed:
        if email in room_addresses:
            keys.wrong_at(line, f"`addresses`: {email} is a room of this site file.", "List people here.")
        elif email == account.email:
            keys.wrong_at(
                line, f"`addresses`: {email} is the service account.", "List people here; it is tested anyway."
            )
    if ("addresses" in keys) == ("none" in keys):
        both = "none" in keys
        keys.wrong(
            "none",
            "[users] has both `addresses` and `none`." if both else "[users] has neither `addresses` nor `none`.",
            "Keep one of the two." if both else "List at least one user, or write `none = NAME DATE: reason`.",
        )
    none_by, none_on, none_reason = keys.one("none", signed, folds=True) or ("", None, "")
    out_of_scope = keys.one("out_of_scope", values.address) or ""
    owners = {email: "a user" for _, email in listed} | dict.fromkeys(room_addresses, "a room")
    owners |= {account.email: "the service account"}
    if out_of_scope and out_of_scope in owners:
        keys.wrong(
            "out_of_scope",
            f"`out_of_scope`: {out_of_scope} is {owners[out_of_scope]} of this site file.",
            "Name a test mailbox that the service account must not be able to impersonate.",
        )
    addresses = tuple(dict.fromkeys(email for _, email in listed))
    return Users(addresses, none_by, none_on, none_reason, out_of_scope)


def read_booking(keys: Keys, rooms: tuple[Room, ...]) -> Booking:
    """Read ``[booking]``: its rooms are among the site's, and somebody approved it."""
    default = Booking()
    listed = keys.many("rooms", values.address, required=True)
    _note_repeats(keys, "rooms", listed)
    known = {room.email for room in rooms}
    for line, email in listed:
        if known and email not in known:
            keys.wrong_at(
                line, f"`rooms`: {email} is not among the rooms of [rooms].", "Add it there, or remove it here."
            )
    return Booking(
        rooms=tuple(dict.fromkeys(email for _, email in listed)),
        window=keys.one("window", values.window, required=True),
        approved_by=keys.one("approved_by", values.plain, required=True) or "",
        answer_timeout=keys.one("answer_timeout", values.seconds(1, MAX_ANSWER, "")) or default.answer_timeout,
    )


def _note_repeats(keys: Keys, key: str, listed: Iterable[tuple[int, str]]) -> None:
    first: dict[str, int] = {}
    for line, text in listed:
        earlier = first.setdefault(text, line)
        if earlier != line:
            keys.wrong_at(line, f"`{key}`: {text} stands twice, first in line {earlier}.", "Remove one of the two.")
