$user = Get-OneAccount
$name = [string]$user.DistinguishedName
$user | Format-List -Property @('Enabled', 'LockedOut', 'AccountExpirationDate') | Out-Host
if (-not $user.Enabled -and (Confirm-Change -What 'Enable the account' -Touched @($name))) {
    Enable-ADAccount -Identity $user -Server $server -WhatIf:$WhatIfPreference -ErrorAction Stop
    Write-Undo ('Disable-ADAccount -Identity {0}' -f (ConvertTo-Literal $name))
}
# find who sends wrong passwords first (security event 4740), or it locks again; unlocking has no undo
if ($user.LockedOut -and (Confirm-Change -What 'Unlock the account; the sender of wrong passwords is found' -Touched @($name))) {
    Unlock-ADAccount -Identity $user -Server $server -WhatIf:$WhatIfPreference -ErrorAction Stop
}
$ended = $user.AccountExpirationDate -and $user.AccountExpirationDate -le (Get-Date)
if ($ended -and (Confirm-Change -What 'Take away the expiry date of the account' -Touched @($name))) {
    Clear-ADAccountExpiration -Identity $user -Server $server -WhatIf:$WhatIfPreference -ErrorAction Stop
    Write-Undo ('Set-ADAccountExpiration -Identity {0} -DateTime {1}' -f (ConvertTo-Literal $name), (ConvertTo-Literal $user.AccountExpirationDate.ToString('s')))
}
