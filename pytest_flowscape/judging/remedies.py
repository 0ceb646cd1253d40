"""Texts that the fixes of several requirements share, so that an administrator learns them once.

A fix is text with commands to review and run. A line that begins with two
spaces is a command, every other line is prose. Placeholders stand inside
single-quoted literals. No other braces are used, so that filling in the
placeholders changes nothing else. The text ends with how it is undone ("To
undo", or "Nothing to undo") and with how long it takes to apply ("Waiting
time: "): the report shows both separately.
"""

from __future__ import annotations

# a script's own -WhatIf does not reach the functions of a remote management shell: each command gets it by name
SAFE = " -WhatIf:$WhatIfPreference -ErrorAction Stop"
EXCHANGE = (
    "Exchange Management Shell. First set $WhatIfPreference = $true: the commands then only show what they would do."
)
DIRECTORY = (
    "Active Directory module, against one writable domain controller (add -Server NAME). "
    "First set $WhatIfPreference = $true: the commands then only show what they would do."
)
FIND_ACCOUNT = (
    "  $name = '{account}'; $sam = $name.Split('\\')[-1]\n"
    "  $found = @(Get-ADUser -Filter 'userPrincipalName -eq $name -or sAMAccountName -eq $sam')\n"
    # unless exactly one is found nothing is left, and then the commands below refuse to run
    "  $account = ($found[0], $null)[$found.Count -ne 1]"
)
SITE_FILE = "Correct the site file (site.ini) and run again; nothing changes on the servers."
REPLICATION = "Waiting time: until the domain controllers have replicated, usually 15 minutes."
ROLE_WAIT = "Waiting time: usually 15 to 60 minutes, because Exchange caches roles and group members."
ACCESS_WAIT = (
    "Waiting time: up to two hours, because Exchange caches mailbox permissions and every test renews the cache: "
    "wait at least 20 minutes without testing."
)
SETTINGS_WAIT = "Waiting time: about 15 minutes."
NO_WAIT = "Waiting time: none, run again at once."
NO_UNDO = "Nothing to undo."


def fix(*lines: str) -> str:
    """Join the lines of a fix."""
    return "\n".join(lines)


_STATE_COMMANDS = {  # what makes an account unusable: the command against it, and how to undo that
    "disabled": ("Enable-ADAccount", "Disable-ADAccount"),
    "locked": ("Unlock-ADAccount", ""),
    "expired": ("Clear-ADAccountExpiration", "Set-ADAccountExpiration with the former date"),
}


def account_state_fix(state: str) -> str:
    """Return the fix for an account that is ``disabled``, ``locked`` or ``expired``."""
    command, undo = _STATE_COMMANDS[state]
    find = "First find what sends wrong passwords, or it locks again (security event 4740). "
    return fix(
        (find if state == "locked" else "") + DIRECTORY,
        FIND_ACCOUNT,
        "  Get-ADUser -Identity $account -Properties LockedOut,AccountExpirationDate | "
        "Format-List Enabled,LockedOut,AccountExpirationDate",
        f"  {command} -Identity $account" + SAFE,
        (f"To undo: {undo}. " if undo else f"{NO_UNDO} ") + REPLICATION,
    )


SMART_CARD_FIX = fix(
    DIRECTORY,
    FIND_ACCOUNT,
    "  Set-ADUser -Identity $account -SmartcardLogonRequired $false" + SAFE,
    "  Set-ADAccountPassword -Identity $account -Reset" + SAFE,
    "The flag had replaced the password with a random one: it is reset here, and has to be handed over again. "
    "To undo: Set-ADUser with -SmartcardLogonRequired $true. " + REPLICATION,
)
_PAGE_FIX = fix(
    "A gateway in front of Exchange asks for more than the password. Publish /EWS/ for the Flowscape server without "
    "pre-authentication, or except the service account from multi-factor sign-in on that path; or give Flowscape a "
    "hostname that does not pass the gateway. This shows the answer from here:",
    "  Invoke-WebRequest -Uri ('https://' + '{hostname}' + '/EWS/Exchange.asmx') -MaximumRedirection 0",
    "To undo, restore the former rule of the gateway. " + NO_WAIT,
)
# what helps where the password alone was not enough, by the key of the table of causes
WAY_FIXES = {
    "page-before-sign-in": _PAGE_FIX,
    "page-after-sign-in": _PAGE_FIX,
    "forbidden-after-sign-in": fix(
        "If only listed programs may use EWS, the User-Agent of Flowscape must be in the list. " + EXCHANGE,
        "  Get-CASMailbox -Identity '{account}' | Format-List EwsEnabled,EwsApplicationAccessPolicy,EwsAllowList",
        "  Get-OrganizationConfig | Format-List EwsEnabled,EwsApplicationAccessPolicy,EwsAllowList,EwsBlockList",
        "  Set-CASMailbox -Identity '{account}' -EwsEnabled $true" + SAFE,
        "To undo, set the former values. " + SETTINGS_WAIT,
    ),
    "way-refused": fix(
        "Find what forbids this sign-in method: an authentication policy, a rule against NTLM, the group "
        "Protected Users, or a load balancer that breaks Extended Protection (TLS bridging). Do not turn Extended "
        "Protection off. " + EXCHANGE,
        "  Get-User -Identity '{account}' | Format-List AuthenticationPolicy",
        "  Set-User -Identity '{account}' -AuthenticationPolicy $null" + SAFE,
        "To undo, set the former policy. " + REPLICATION,
    ),
    "smart-card": SMART_CARD_FIX,
}

# --- impersonation: a scoped role covers who is a direct member of the scope's group, the account itself included ---

_LOOK_AT_ROLE = (
    "  Get-ManagementRoleAssignment -Role ApplicationImpersonation -RoleAssignee '{account}' -Delegating $false | "
    "Format-List Name,RecipientWriteScope,CustomRecipientWriteScope"
)


def _join_scope(member: str) -> str:
    return fix(
        "The role exists, but its scope does not include everybody. If the scope is a group, add the mailbox as a "
        "direct member (nested groups do not count; use your group's name); otherwise widen the scope's filter. "
        + EXCHANGE,
        "  Add-DistributionGroupMember -Identity 'Flowscape-Impersonation' -Member '" + member + "'"
        " -BypassSecurityGroupManagerCheck" + SAFE,
        _LOOK_AT_ROLE,
        "Another administrator's exclusive scope overrides yours; then its owner has to release the mailbox:",
        "  Get-ManagementScope -Exclusive $true | Format-List Name,RecipientFilter,RecipientRoot",
        "To undo: Remove-DistributionGroupMember. " + ROLE_WAIT,
    )


TARGET_OUT_OF_SCOPE = _join_scope("{target}")
ACCOUNT_OUT_OF_SCOPE = _join_scope("{email}")
GRANT_ROLE = fix(
    "If the account already has the role, its scope does not include everybody: add the mailbox to the scope's group, "
    "as the last commands do. " + EXCHANGE,
    _LOOK_AT_ROLE,
    "If it does not, once for the site: create a group, a scope of its members and the role for that scope.",
    "  New-DistributionGroup -Name 'Flowscape-Impersonation' -Type Security "
    "-MemberJoinRestriction Closed -MemberDepartRestriction Closed" + SAFE,
    "  $group = Get-DistributionGroup -Identity 'Flowscape-Impersonation' -ErrorAction Stop",
    "  $dn = $group.DistinguishedName -replace '''', ''''''",
    "  New-ManagementScope -Name 'Flowscape' -RecipientRestrictionFilter ('MemberOfGroup -eq ''' + $dn + '''')" + SAFE,
    "  New-ManagementRoleAssignment -Name 'Flowscape-Impersonation' -Role ApplicationImpersonation "
    "-User '{account}' -CustomRecipientWriteScope 'Flowscape'" + SAFE,
    "Add every room, every user and the account itself to the group, as direct members:",
    "  Add-DistributionGroupMember -Identity 'Flowscape-Impersonation' -Member '{target}'"
    " -BypassSecurityGroupManagerCheck" + SAFE,
    "The account itself:",
    "  Add-DistributionGroupMember -Identity 'Flowscape-Impersonation' -Member '{email}'"
    " -BypassSecurityGroupManagerCheck" + SAFE,
    "Moving or renaming the group empties the scope. To undo: Remove-ManagementRoleAssignment, then "
    "Remove-ManagementScope and Remove-DistributionGroup. " + ROLE_WAIT,
)
NARROW_ROLE = fix(
    "Find the assignment without a scope. Assignments add up: it overrides every scope. Remove it only when a scoped "
    "one covers every room, every user and the account itself. " + EXCHANGE,
    _LOOK_AT_ROLE,
    "  Remove-ManagementRoleAssignment -Identity 'NAME OF THE UNSCOPED ONE'" + SAFE,
    "To undo: New-ManagementRoleAssignment with the same role and user. " + ROLE_WAIT,
)
_LOOK = (
    "  Get-CalendarProcessing -Identity '{target}' | Format-List AutomateProcessing,AllBookInPolicy,BookInPolicy,"
    "AllRequestInPolicy,RequestInPolicy,ResourceDelegates,ForwardRequestsToDelegates,AllowConflicts,"
    "BookingWindowInDays,MaximumDurationInMinutes,ScheduleOnlyDuringWorkHours,AllowRecurringMeetings"
)
_UNDO = "To undo, set the former values. Waiting time: none, for requests that arrive afterwards."
ACCEPT_FIX = fix(
    "Let the room accept automatically what Flowscape books. Check its settings, then change those that differ. "
    + EXCHANGE,
    _LOOK,
    "  Set-CalendarProcessing -Identity '{target}' -AutomateProcessing AutoAccept -AllBookInPolicy $true "
    "-AllRequestInPolicy $false" + SAFE,
    _UNDO,
)
DECLINED_FIX = fix(
    "A room declines what its policies do not allow: it was booked in the meantime, the day is beyond its booking "
    "window, the meeting is too long or outside its working hours, or the service account may not book it. Check "
    "which one applies. " + EXCHANGE,
    _LOOK,
    "If the account may not book it, allow everybody, or add the account to BookInPolicy (which replaces the list):",
    "  Set-CalendarProcessing -Identity '{target}' -AllBookInPolicy $true" + SAFE,
    _UNDO,
)
DELEGATE_FIX = fix(
    "People decide about this room's requests. If Flowscape is to book it without them, let the room accept "
    "automatically; otherwise leave it as it is, and waive this requirement for the room. " + EXCHANGE,
    _LOOK,
    "  Set-CalendarProcessing -Identity '{target}' -AllBookInPolicy $true -AllRequestInPolicy $false" + SAFE,
    _UNDO,
)
SILENT_FIX = fix(
    "The request has arrived and is not answered: either the room is not set to accept, or the service that does it "
    "on the mailbox server (Microsoft Exchange Mailbox Assistants) does not run or is delayed. " + EXCHANGE,
    _LOOK,
    "  Set-CalendarProcessing -Identity '{target}' -AutomateProcessing AutoAccept" + SAFE,
    "  Get-Service -Name 'MSExchangeMailboxAssistants'",
    _UNDO,
)
# by the cause of a step
ANSWER_FIXES = {
    "declined": DECLINED_FIX,
    "tentative": DELEGATE_FIX,
    "by-delegate": DELEGATE_FIX,
    "not-answered": SILENT_FIX,
    "not-processed": SILENT_FIX,
}
# the usual reason, for the finding itself
USUAL = {
    "declined": "usually it was booked in the meantime, or it is outside the room's booking window, length or working "
    "hours, or the account may not book it",
    "tentative": "usually AllBookInPolicy is off, and delegates decide",
    "by-delegate": "usually AllBookInPolicy is off, and delegates decide",
    "not-answered": "usually AutomateProcessing is AutoUpdate",
    "not-processed": "usually AutomateProcessing is None, or the mailbox assistants do not run",
    "request-under-way": "usually a queue in transport, or a rule or moderation that holds it",
    "answer-under-way": "usually a queue in transport",
    "not-followed": "usually the room's calendar is changed by something else, or the mailbox assistants are delayed",
}
