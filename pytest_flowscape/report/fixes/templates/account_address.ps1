# Exchange owns the address: the attribute mail alone never moves the primary one
$user = Get-OneUser -Name $account
$found = @(Get-Mailbox -Identity ([string]$user.DistinguishedName) -ErrorAction Stop)
if ($found.Count -ne 1) { throw 'the account has not exactly one mailbox' }
$name = [string]$found[0].DistinguishedName
$found[0] | Format-List -Property @('PrimarySmtpAddress', 'WindowsEmailAddress', 'EmailAddresses', 'EmailAddressPolicyEnabled') | Out-Host
$others = @(Get-Recipient -Identity $email -ErrorAction SilentlyContinue | Where-Object { [string]$_.DistinguishedName -ne $name })
if ($others.Count -gt 0) { throw ('somebody else has the address {0}' -f $email) }
if (Confirm-Change -What ('Give the account the address ' + $email) -Touched @($name)) {
    $literal = ConvertTo-Literal $name
    Set-Mailbox -Identity $name -EmailAddressPolicyEnabled $false -WhatIf:$WhatIfPreference -ErrorAction Stop
    if ([string]$found[0].EmailAddressPolicyEnabled -eq 'True') { Write-Undo ('Set-Mailbox -Identity {0} -EmailAddressPolicyEnabled $true' -f $literal) }
    Set-Mailbox -Identity $name -WindowsEmailAddress $email -WhatIf:$WhatIfPreference -ErrorAction Stop
    Write-Undo ('Set-Mailbox -Identity {0} -WindowsEmailAddress {1}' -f $literal, (ConvertTo-Literal ([string]$found[0].WindowsEmailAddress)))
    Write-Undo ('Set-Mailbox -Identity {0} -EmailAddressPolicyEnabled $false -PrimarySmtpAddress {1}' -f $literal, (ConvertTo-Literal ([string]$found[0].PrimarySmtpAddress)))
}
