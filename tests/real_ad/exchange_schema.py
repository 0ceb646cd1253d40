"""The part of Exchange's directory schema that acceptance reads, as attributes and classes to be added to a forest.

Facts alone: name, OID, syntax, link, schemaIDGUID, as Microsoft's AD schema
pages list them. Where the OID of an attribute is not public, it lies in the arc
that Microsoft reserves for self-made ones, and the GUID comes from the name: a
reader by LDAP sees neither.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

EXCHANGE_INFORMATION = uuid.UUID("1f298a89-de98-47b8-b5cd-572ad53d267e")  # property set of Exchange's attributes
DS_DN = bytes.fromhex("2b0c0287731c00854a")  # oMObjectClass of an attribute that holds a distinguished name
AUTOMATIC_LINK = "1.2.840.113556.1.2.50"  # as linkID: the directory chooses one (MS-ADTS 3.1.1.2.3.1)
EXCHANGE = "1.2.840.113556.1.4.7000.102."
SELF_MADE = "1.2.840.113556.1.8000.2554.27182."
# attributeSyntax and oMSyntax (MS-ADTS 3.1.1.2.2.2)
TEXT, INTEGER, LARGE, BOOLEAN = ("2.5.5.12", 64), ("2.5.5.9", 2), ("2.5.5.16", 65), ("2.5.5.8", 1)
OCTETS, DESCRIPTOR, NAME, SID = ("2.5.5.10", 4), ("2.5.5.15", 66), ("2.5.5.1", 127), ("2.5.5.17", 4)

Values = dict[str, object]
Batch = list[tuple[str, str, Values]]  # relative distinguished name, object class, attributes


@dataclass(frozen=True)
class Attribute:
    """One attribute: ``oid`` and ``guid`` are empty where not public; ``link`` is a number, a name or empty."""

    name: str
    syntax: tuple[str, int]
    oid: str = ""
    guid: str = ""
    single: bool = True
    recipient: bool = True  # on users and groups, and in the property set Exchange-Information
    search_flags: int = 0  # 1 indexed, 4 ambiguous name resolution
    link: str = ""

    @property
    def cn(self) -> str:
        """Return the common name of the schema object; nobody but the schema itself refers to it."""
        return f"Flowscape-{self.name}"


ATTRIBUTES = (
    Attribute("mailNickname", TEXT, "1.2.840.113556.1.2.447", "bf9679b3-0de6-11d0-a285-00aa003049e2", search_flags=5),
    Attribute("homeMDB", NAME, "1.2.840.113556.1.2.244", "bf967987-0de6-11d0-a285-00aa003049e2", link="32"),
    Attribute("msExchMailboxGuid", OCTETS, EXCHANGE + "11058", "9333af48-b09e-11d2-aa06-00c04f8eedd8", search_flags=1),
    Attribute("msExchMailboxSecurityDescriptor", DESCRIPTOR, EXCHANGE + "80", "934de926-b09e-11d2-aa06-00c04f8eedd8"),
    Attribute("msExchHideFromAddressLists", BOOLEAN, EXCHANGE + "73", "a21c0b96-b093-11d2-aa06-00c04f8eedd8"),
    Attribute(
        "msExchRecipientDisplayType",
        INTEGER,
        EXCHANGE + "50730",
        "b893abb0-767e-4f20-915f-3857bbc96afe",
        search_flags=1,
    ),
    Attribute(
        "msExchRecipientTypeDetails", LARGE, EXCHANGE + "50855", "069ba1f8-540a-42a9-bf26-a7dd35475346", search_flags=1
    ),
    Attribute("msExchResourceMetaData", TEXT, EXCHANGE + "50333", "8daf2c70-36c1-4fcd-b664-7335ddc1aa3c", single=False),
    Attribute("msExchMasterAccountSid", SID, search_flags=1),
    Attribute("msExchAuthPolicyLink", NAME),
    # in the configuration partition: role-based access control
    Attribute("msExchRoleLink", NAME, recipient=False, link=AUTOMATIC_LINK),
    Attribute("msExchUserLink", NAME, recipient=False, link=AUTOMATIC_LINK),
    Attribute("msExchDomainRestrictionLink", NAME, recipient=False, link=AUTOMATIC_LINK),
)
BACK_LINKS = (
    Attribute("homeMDBBL", NAME, "1.2.840.113556.1.2.393", single=False, recipient=False, link="33"),
    Attribute("msExchRoleBL", NAME, single=False, recipient=False, link="msExchRoleLink"),
    Attribute("msExchUserBL", NAME, single=False, recipient=False, link="msExchUserLink"),
    Attribute("msExchDomainRestrictionBL", NAME, single=False, recipient=False, link="msExchDomainRestrictionLink"),
)
# class, its superclass, where its objects may lie, what they may hold
CLASSES: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("msExchOrganizationContainer", "container", ("msExchConfigurationContainer", "container"), ()),
    ("msExchPrivateMDB", "top", ("container",), ("homeMDBBL",)),
    ("msExchRole", "top", ("container",), ("msExchRoleBL",)),
    ("msExchScope", "top", ("container",), ("msExchDomainRestrictionBL",)),
    (
        "msExchRoleAssignment",
        "top",
        ("container",),
        ("msExchRoleLink", "msExchUserLink", "msExchDomainRestrictionLink"),
    ),
)
# every signed-in user may read Exchange's own objects
READ_BY_ALL = "D:(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)(A;;RPLCLORC;;;AU)"


def batches() -> Iterator[Batch]:
    """Return the objects to add below the schema's head, batch by batch: each names what the one before defined."""
    yield [(f"CN={a.cn}", "attributeSchema", _attribute(a, number)) for number, a in enumerate(ATTRIBUTES, 1)]
    yield [(f"CN={a.cn}", "attributeSchema", _attribute(a, number)) for number, a in enumerate(BACK_LINKS, 101)]
    yield [_class(number, *row) for number, row in enumerate(CLASSES, 201)]


def new_attributes() -> dict[str, list[str]]:
    """Return what existing classes (by common name) may hold from now on."""
    return {
        "Mail-Recipient": [attribute.name for attribute in ATTRIBUTES if attribute.recipient],
        "Top": ["msExchUserBL"],
    }


def _guid(value: str, name: str) -> bytes:
    found = uuid.UUID(value) if value else uuid.uuid5(uuid.NAMESPACE_OID, f"flowscape/{name}")
    return found.bytes_le


def _attribute(attribute: Attribute, number: int) -> Values:
    syntax, om_syntax = attribute.syntax
    values: Values = {
        "lDAPDisplayName": attribute.name,
        "attributeID": attribute.oid or f"{SELF_MADE}1.{number}",
        "attributeSyntax": syntax,
        "oMSyntax": om_syntax,
        "isSingleValued": "TRUE" if attribute.single else "FALSE",
        "searchFlags": attribute.search_flags,
        "schemaIDGUID": _guid(attribute.guid, attribute.name),
        "isMemberOfPartialAttributeSet": "TRUE" if attribute.recipient else "FALSE",
    }
    if attribute.syntax is NAME:
        values["oMObjectClass"] = DS_DN
    if attribute.recipient:
        values["attributeSecurityGUID"] = EXCHANGE_INFORMATION.bytes_le
    if attribute.link:
        values["linkID"] = attribute.link
    return values


def _class(
    number: int, name: str, parent: str, superiors: tuple[str, ...], may: tuple[str, ...]
) -> tuple[str, str, Values]:
    values: Values = {
        "lDAPDisplayName": name,
        "governsID": f"{SELF_MADE}2.{number}",
        "subClassOf": parent,
        "objectClassCategory": 1,
        "rDNAttID": "cn",
        "schemaIDGUID": _guid("", name),
        "defaultSecurityDescriptor": READ_BY_ALL,
        "possSuperiors": list(superiors),
    }
    if may:
        values["mayContain"] = list(may)
    return f"CN=Flowscape-{name}", "classSchema", values
