# shows who has each address; it is taken only from the mailboxes that a person names, by their distinguished names
$chosen = @()
foreach ($address in $rooms) {
    if (-not $address) { throw 'an address is empty' }
    $holders = @(Get-Recipient -Filter ('EmailAddresses -eq ' + (ConvertTo-Literal ('smtp:' + $address))) -ErrorAction Stop)
    Write-Host ('{0}: {1} objects have it' -f $address, $holders.Count)
    foreach ($one in $holders) { Write-Host ('  {0}, {1}, primary address {2}' -f [string]$one.DistinguishedName, $one.RecipientTypeDetails, [string]$one.PrimarySmtpAddress) }
    $named = @($holders | Where-Object { $takeFrom -contains [string]$_.DistinguishedName })
    if ($named.Count -ge $holders.Count -and $named.Count -gt 0) { throw ('nobody would keep {0}' -f $address) }
    foreach ($one in $named) { $chosen += @{ Address = $address; Name = [string]$one.DistinguishedName } }
}
if ($takeFrom.Count -eq 0) { throw 'a person decides: write the distinguished names of those who lose the address into $takeFrom' }
if ($chosen.Count -lt $takeFrom.Count) { throw ('{0} names in $takeFrom, {1} of them have such an address' -f $takeFrom.Count, $chosen.Count) }
if (Confirm-Change -What 'Take the address from' -Touched @($chosen | ForEach-Object { '{0} from {1}' -f $_.Address, $_.Name })) {
    foreach ($one in $chosen) {
        Set-Mailbox -Identity $one.Name -EmailAddresses @{ Remove = ('smtp:' + $one.Address) } -WhatIf:$WhatIfPreference -ErrorAction Stop
        Write-Undo ('Set-Mailbox -Identity {0} -EmailAddresses @{{ Add = {1} }}' -f (ConvertTo-Literal $one.Name), (ConvertTo-Literal ('smtp:' + $one.Address)))
    }
}
