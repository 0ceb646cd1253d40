# only looks: an entry with Deny wins over every grant, and a person has to say why it is there
foreach ($mailbox in @(Get-EachMailbox -Addresses $rooms)) {
    Get-MailboxPermission -Identity ([string]$mailbox.DistinguishedName) -ErrorAction Stop |
        Where-Object { [string]$_.Deny -eq 'True' } |
        Format-Table -Property @('Identity', 'User', 'AccessRights', 'Deny', 'IsInherited') -AutoSize | Out-Host
}
