"""SOAP answers as servers send them, put together for tests."""

from __future__ import annotations

from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.request import MESSAGES, SOAP, TYPES

VERSION = (
    '<t:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1748" MinorBuildNumber="10" '
    'Version="V2017_07_11"/>'
)


def soap(body: str, *, header: str = VERSION) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:t="{TYPES}" xmlns:m="{MESSAGES}">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def answer(body: bytes, status: int = 200, *headers: tuple[str, str]) -> HttpAnswer:
    return HttpAnswer(status, (("Content-Type", "text/xml; charset=utf-8"), *headers), body)


def response(operation: str, *messages: str) -> bytes:
    return soap(
        f"<m:{operation}Response><m:ResponseMessages>{''.join(messages)}</m:ResponseMessages></m:{operation}Response>"
    )


def folder(identity: str, inside: str = "", kind: str = "Folder") -> str:
    return (
        '<m:GetFolderResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f'<m:Folders><t:{kind}><t:FolderId Id="{identity}" ChangeKey="AQ=="/>{inside}</t:{kind}></m:Folders>'
        "</m:GetFolderResponseMessage>"
    )


def refused(
    code: str, *, values: str = "", text: str = "Words.", kind: str = "Error", operation: str = "GetFolder"
) -> str:
    xml = f"<m:MessageXml>{values}</m:MessageXml>" if values else ""
    return (
        f'<m:{operation}ResponseMessage ResponseClass="{kind}"><m:MessageText>{text}</m:MessageText>'
        f"<m:ResponseCode>{code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{xml}"
        f"</m:{operation}ResponseMessage>"
    )


def fault(code: str, *, prefix: str = "a:", detail: bool = True, values: str = "") -> bytes:
    errors = "http://schemas.microsoft.com/exchange/services/2006/errors"
    inside = (
        f'<detail><e:ResponseCode xmlns:e="{errors}">{code}</e:ResponseCode>'
        f'<e:Message xmlns:e="{errors}">Words.</e:Message>'
        f"<t:MessageXml>{values}</t:MessageXml></detail>"
    )
    return soap(
        f'<s:Fault><faultcode xmlns:a="{TYPES}">{prefix}{code}</faultcode>'
        f'<faultstring xml:lang="en-US">Words.</faultstring>{inside if detail else ""}</s:Fault>'
    )
