if (-not $decided) { throw 'a person decides: see the lines above, and set $decided = $true' }
$boxes = @()
foreach ($address in $rooms) {
    if (-not $address) { throw 'an address is empty' }
    $found = @(Get-Mailbox -Identity $address -ErrorAction Stop)
    if ($found.Count -ne 1 -or -not [string]$found[0].DistinguishedName) { throw ('{0} is not exactly one mailbox' -f $address) }
    if (@($found[0].EmailAddresses | Where-Object { [string]$_ -eq ('smtp:' + $address) }).Count -ne 1) {
        throw ('{0} is not among the addresses of the mailbox that was found' -f $address)
    }
    $boxes += @{ Address = $address; Mailbox = $found[0] }
}
$shown = @($boxes | ForEach-Object { '{0}, until now {1}' -f $_.Address, [string]$_.Mailbox.PrimarySmtpAddress })
if (Confirm-Change -What 'Make these the primary addresses' -Touched $shown) {
    foreach ($one in $boxes) {
        $name = [string]$one.Mailbox.DistinguishedName
        $literal = ConvertTo-Literal $name
        Set-Mailbox -Identity $name -EmailAddressPolicyEnabled $false -PrimarySmtpAddress $one.Address -WhatIf:$WhatIfPreference -ErrorAction Stop
        if ([string]$one.Mailbox.EmailAddressPolicyEnabled -eq 'True') { Write-Undo ('Set-Mailbox -Identity {0} -EmailAddressPolicyEnabled $true' -f $literal) }
        Write-Undo ('Set-Mailbox -Identity {0} -EmailAddressPolicyEnabled $false -PrimarySmtpAddress {1}' -f $literal, (ConvertTo-Literal ([string]$one.Mailbox.PrimarySmtpAddress)))
    }
}
