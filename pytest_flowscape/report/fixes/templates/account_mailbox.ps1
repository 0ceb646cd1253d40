$user = Get-OneUser -Name $account
$name = [string]$user.DistinguishedName
$taken = @(Get-Recipient -Identity $email -ErrorAction SilentlyContinue)
$taken | Format-List -Property @('Name', 'RecipientTypeDetails', 'DistinguishedName') | Out-Host
if ([string]$user.RecipientTypeDetails -ne 'User') {
    throw ('the account is a {0}: one with a mailbox in Exchange Online has to be moved here, by hand' -f $user.RecipientTypeDetails)
}
if ($taken.Count -gt 0) { throw ('somebody has the address {0}' -f $email) }
if (Confirm-Change -What ('Make a mailbox with the address ' + $email) -Touched @($name)) {
    Enable-Mailbox -Identity $name -PrimarySmtpAddress $email -WhatIf:$WhatIfPreference -ErrorAction Stop | Out-Null
    Write-Undo ('Disable-Mailbox -Identity {0} -Confirm' -f (ConvertTo-Literal $name))
}
