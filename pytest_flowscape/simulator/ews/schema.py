"""Validate requests and answers against the public EWS schema, where it is at hand.

``FLOWSCAPE_EWS_SCHEMA`` names a folder with types.xsd and messages.xsd. Two
things are corrected in memory because libxml2 refuses them: the import of
``xml:lang`` gets a schema, and ArrayOfTransitionsType, a head element beside
its own substitution group, is reduced to the head.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import MESSAGES, SOAP, TYPES

XSD = "http://www.w3.org/2001/XMLSchema"
XML = "http://www.w3.org/XML/1998/namespace"
# real servers send versions that the schema does not list
NOT_CHECKED = (f"{{{TYPES}}}ServerVersionInfo",)


def _types(folder: Path) -> bytes:
    tree = etree.parse(folder / "types.xsd")
    root = tree.getroot()
    for declared in root.iterfind(f"{{{XSD}}}import"):
        if declared.get("namespace") == XML:
            declared.set("schemaLocation", "simulator:xml.xsd")
    for declared in root.iterfind(f"{{{XSD}}}complexType"):
        if declared.get("name") == "ArrayOfTransitionsType":
            sequence = etree.Element(f"{{{XSD}}}sequence")
            etree.SubElement(sequence, f"{{{XSD}}}element", ref="t:Transition", minOccurs="0", maxOccurs="unbounded")
            for old in declared.findall(f"{{{XSD}}}sequence"):
                declared.replace(old, sequence)
    return etree.tostring(root)


def _messages(folder: Path) -> bytes:
    root = etree.parse(folder / "messages.xsd").getroot()
    for declared in root.iterfind(f"{{{XSD}}}import"):
        if declared.get("namespace") == TYPES:
            declared.set("schemaLocation", "simulator:types.xsd")
    return etree.tostring(root)


class _Files(etree.Resolver):
    """Answer the schema's imports from memory, under names of our own."""

    def __init__(self, folder: Path) -> None:
        language = f'<xs:schema xmlns:xs="{XSD}" targetNamespace="{XML}"><xs:attribute name="lang" type="xs:language"/>'
        self._texts = {
            "simulator:xml.xsd": f"{language}</xs:schema>".encode(),
            "simulator:types.xsd": _types(folder),
            "simulator:messages.xsd": _messages(folder),
        }

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]  # noqa: ARG002
        """Return the text behind one of our names, None for anything else."""
        text = self._texts.get(system_url)
        return None if text is None else self.resolve_string(text, context, base_url=system_url)


class SchemaCheck:
    """Collects where envelopes are against the schema; without a folder it checks nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.problems: list[str] = []
        self._schema = _compile(folder) if folder is not None else None

    @property
    def active(self) -> bool:
        """Whether envelopes are checked at all."""
        return self._schema is not None

    def check(self, what: str, envelope: bytes) -> list[str]:
        """Check one envelope; keep and return the problems found, each beginning with ``what``."""
        found = [f"{what}: {problem}" for problem in self._against(envelope)]
        self.problems += found
        return found

    def _against(self, envelope: bytes) -> list[str]:
        if self._schema is None:
            return []
        try:
            root = etree.fromstring(envelope)
        except etree.XMLSyntaxError as error:
            return [f"not well-formed: {error.msg}"]
        if root.tag != f"{{{SOAP}}}Envelope":
            return [f"{root.tag} is no SOAP envelope"]
        found: list[str] = []
        for part in root.iterfind(f"{{{SOAP}}}*/*"):
            if part.tag in NOT_CHECKED or etree.QName(part).namespace == SOAP:  # a Fault is SOAP's own
                continue
            alone = etree.fromstring(etree.tostring(part))
            if not self._schema.validate(alone):
                name = etree.QName(part).localname
                errors: Any = self._schema.error_log
                found += [f"{name}: {entry.message}" for entry in errors]
        return found

    def forget(self) -> list[str]:
        """Return the problems kept so far and drop them, for tests that send wrong requests on purpose."""
        found, self.problems = self.problems, []
        return found


def _compile(folder: Path) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Files(folder))
    parts = ((XML, "xml"), (TYPES, "types"), (MESSAGES, "messages"))
    imports = "".join(f'<xs:import namespace="{ns}" schemaLocation="simulator:{name}.xsd"/>' for ns, name in parts)
    return etree.XMLSchema(etree.fromstring(f'<xs:schema xmlns:xs="{XSD}">{imports}</xs:schema>', parser))
