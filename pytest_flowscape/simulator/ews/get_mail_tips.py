"""GetMailTips: what a sender should know about recipients before sending.

Microsoft, "GetMailTips operation". Of the tips there are those that decide
whether mail arrives: whether there is such a recipient, whether it takes mail
from this sender, and whether somebody has to approve it.
"""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.envelope import NS, M, Request, T, message, required
from pytest_flowscape.simulator.ews.item_values import format_truth
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.model import Mailbox, Organisation

NAME = "MailTipsResponseMessageType"
_ALL = ("DeliveryRestriction", "ModerationStatus", "InvalidRecipient")


def get_mail_tips(
    organisation: Organisation,
    caller: Caller,  # noqa: ARG001  every operation has the same form
    request: Request,
    sessions: MailboxSessions,  # noqa: ARG001  likewise
) -> etree._Element:
    """Answer GetMailTips: the whole response. Raises Refusal (a fault) for a request that the schema forbids."""
    sender = required(required(request.body, "m:SendingAs"), "t:EmailAddress").text or ""
    asked = set((required(request.body, "m:MailTipsRequested").text or "").split())
    wanted = set(_ALL) if "All" in asked else asked
    answers = []
    for recipient in required(request.body, "m:Recipients").iterfind("t:Mailbox", NS):
        address = recipient.findtext("t:EmailAddress", "", NS).strip()
        name = recipient.findtext("t:Name", "", NS)
        tips = _tips(organisation, sender.strip().lower(), address, wanted)
        who = T.RecipientAddress(T.Name(name), T.EmailAddress(address), T.RoutingType("SMTP"))
        answers.append(message(NAME, M.MailTips(who, T.PendingMailTips(), *tips)))
    element: etree._Element = M.GetMailTipsResponse(
        M.ResponseCode("NoError"), M.ResponseMessages(*answers), ResponseClass="Success"
    )
    return element


def _tips(organisation: Organisation, sender: str, address: str, wanted: set[str]) -> list[etree._Element]:
    mailbox = organisation.holder(address)[0]
    tips = []
    if "DeliveryRestriction" in wanted:
        restricted = mailbox is not None and _restricted(mailbox, sender)
        tips.append(T.DeliveryRestricted(format_truth(restricted)))
    if "ModerationStatus" in wanted:
        tips.append(T.IsModerated(format_truth(mailbox is not None and bool(mailbox.flow.moderators))))
    if "InvalidRecipient" in wanted:
        ours = address.lower().rpartition("@")[2] in {domain.dns for domain in organisation.domains}
        tips.append(T.InvalidRecipient(format_truth(mailbox is None and ours)))
    return tips


def _restricted(mailbox: Mailbox, sender: str) -> bool:
    return bool(mailbox.flow.accepts_only) and sender not in mailbox.flow.accepts_only
