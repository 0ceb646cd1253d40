$user = Get-OneAccount
$name = [string]$user.DistinguishedName
$user | Format-List -Property @('PasswordNeverExpires', 'PasswordExpired', 'pwdLastSet') | Out-Host
if ($user.PasswordNeverExpires -and $user.pwdLastSet -ne 0) { throw 'the flag is set already: look at another domain controller, or wait for replication' }
if (Confirm-Change -What 'Let the password never expire, and ask for no change' -Touched @($name)) {
    Set-ADUser -Identity $user -Server $server -PasswordNeverExpires $true -ChangePasswordAtLogon $false -WhatIf:$WhatIfPreference -ErrorAction Stop
    $former = if ($user.PasswordNeverExpires) { '$true' } else { '$false' }
    Write-Undo ('Set-ADUser -Identity {0} -PasswordNeverExpires {1}' -f (ConvertTo-Literal $name), $former)
}
