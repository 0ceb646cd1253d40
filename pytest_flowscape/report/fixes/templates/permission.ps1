[void](Get-OneUser -Name $account)
$open = @()
foreach ($mailbox in @(Get-EachMailbox -Addresses $rooms)) {
    $entries = @(Get-MailboxPermission -Identity ([string]$mailbox.DistinguishedName) -User $account -ErrorAction Stop |
        Where-Object { [string]$_.AccessRights -like '*FullAccess*' })
    if (@($entries | Where-Object { [string]$_.Deny -eq 'True' }).Count -gt 0) {
        Write-Warning ('{0} has a Deny entry: it is left alone, ask who set it and why' -f [string]$mailbox.PrimarySmtpAddress)
    } elseif (@($entries | Where-Object { [string]$_.InheritanceType -eq 'All' }).Count -eq 0) {
        $open += $mailbox
    }
}
# -InheritanceType All, or only the top folder opens; -AutoMapping $false, or Outlook of the account opens every room
if (Confirm-Change -What 'Give FullAccess' -Touched @($open | ForEach-Object { [string]$_.PrimarySmtpAddress })) {
    foreach ($mailbox in $open) {
        $name = [string]$mailbox.DistinguishedName
        Add-MailboxPermission -Identity $name -User $account -AccessRights FullAccess -InheritanceType All -AutoMapping $false -WhatIf:$WhatIfPreference -ErrorAction Stop | Out-Null
        Write-Undo ('Remove-MailboxPermission -Identity {0} -User {1} -AccessRights FullAccess -InheritanceType All' -f (ConvertTo-Literal $name), (ConvertTo-Literal $account))
    }
}
