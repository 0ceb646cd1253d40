$user = Get-OneUser -Name $account
$name = [string]$user.DistinguishedName
if (-not $firstName) { $firstName = [string]$user.FirstName }
if (-not $lastName) { $lastName = [string]$user.LastName }
if (-not $firstName -or -not $lastName) { throw 'write the missing name into $firstName or $lastName' }
$before = @(Get-Mailbox -Identity $name -ErrorAction SilentlyContinue)
if (Confirm-Change -What ('Name the account {0} {1}' -f $firstName, $lastName) -Touched @($name)) {
    Set-User -Identity $name -FirstName $firstName -LastName $lastName -WhatIf:$WhatIfPreference -ErrorAction Stop
    Write-Undo ('Set-User -Identity {0} -FirstName {1} -LastName {2}' -f (ConvertTo-Literal $name), (ConvertTo-Literal ([string]$user.FirstName)), (ConvertTo-Literal ([string]$user.LastName)))
}
# an address policy may follow the name
$after = @(Get-Mailbox -Identity $name -ErrorAction SilentlyContinue)
if ($before.Count -eq 1 -and $after.Count -eq 1 -and [string]$before[0].PrimarySmtpAddress -ne [string]$after[0].PrimarySmtpAddress) {
    Write-Warning ('The primary address was {0} and is now {1}' -f [string]$before[0].PrimarySmtpAddress, [string]$after[0].PrimarySmtpAddress)
}
