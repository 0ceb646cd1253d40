$user = Get-OneAccount
$name = [string]$user.DistinguishedName
if (-not $user.SmartcardLogonRequired) { throw 'the account requires no smart card: look at another domain controller, or wait for replication' }
if (Confirm-Change -What 'Ask for no smart card, and set a new password' -Touched @($name)) {
    Set-ADUser -Identity $user -Server $server -SmartcardLogonRequired $false -WhatIf:$WhatIfPreference -ErrorAction Stop
    Write-Undo ('Set-ADUser -Identity {0} -SmartcardLogonRequired $true' -f (ConvertTo-Literal $name))
    # the flag had replaced the password by a random one: this asks for the new one, to be handed over again
    Set-ADAccountPassword -Identity $user -Server $server -Reset -WhatIf:$WhatIfPreference -ErrorAction Stop
}
