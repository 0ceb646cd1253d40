"""GetMailTips: what a sender should know about recipients before sending.

Microsoft, "GetMailTips operation". Of the tips there are those that decide
whether mail arrives: whether there is such a recipient, whether it takes mail
from this sender, and whether somebody has to approve it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, M, T, message, required
from pytest_flowscape.simulator.ews.item_values import format_truth
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.model import Organisation

NAME = "MailTipsResponseMessageType"
_ALL = ("DeliveryRestriction", "ModerationStatus", "InvalidRecipient")


def get_mail_tips(call: Call) -> etree._Element:
    """Answer GetMailTips: the whole response. Raises Refusal (a fault) for a request that the schema forbids."""
    sender = required(required(call.body, "m:SendingAs"), "t:EmailAddress").text or ""
    names = set((required(call.body, "m:MailTipsRequested").text or "").split())
    names = set(_ALL) if "All" in names else names
    answers = []
    for recipient in required(call.body, "m:Recipients").iterfind("t:Mailbox", NS):
        address = recipient.findtext("t:EmailAddress", "", NS).strip()
        name = recipient.findtext("t:Name", "", NS)
        tips = _tips(call.organisation, sender.strip().lower(), address, names)
        who = T.RecipientAddress(T.Name(name), T.EmailAddress(address), T.RoutingType("SMTP"))
        answers.append(message(NAME, M.MailTips(who, T.PendingMailTips(), *tips)))
    return M.GetMailTipsResponse(M.ResponseCode("NoError"), M.ResponseMessages(*answers), ResponseClass="Success")


def _tips(organisation: Organisation, sender: str, address: str, names: set[str]) -> Iterator[etree._Element]:
    mailbox = organisation.holder(address)[0]
    flow = None if mailbox is None else mailbox.flow
    if "DeliveryRestriction" in names:
        restricted = flow is not None and bool(flow.accepts_only) and sender not in flow.accepts_only
        yield T.DeliveryRestricted(format_truth(restricted))
    if "ModerationStatus" in names:
        yield T.IsModerated(format_truth(flow is not None and bool(flow.moderators)))
    if "InvalidRecipient" in names:
        yield T.InvalidRecipient(format_truth(mailbox is None and organisation.is_accepted(address)))
