# only rooms that do not exist yet: where the address is misspelt, the site file is to be corrected instead
foreach ($room in $rooms) {
    if (-not $room.Address -or -not $room.Name) { throw 'an address or a name is empty' }
    if (@(Get-Recipient -Identity $room.Address -ErrorAction SilentlyContinue).Count -gt 0) {
        throw ('somebody has the address {0}' -f $room.Address)
    }
}
if (Confirm-Change -What 'Make room mailboxes' -Touched @($rooms | ForEach-Object { '{0} ({1})' -f $_.Address, $_.Name })) {
    foreach ($room in $rooms) {
        $made = @(New-Mailbox -Room -Name $room.Name -PrimarySmtpAddress $room.Address -Confirm -WhatIf:$WhatIfPreference -ErrorAction Stop)
        if ($made.Count -eq 1) {
            Set-CalendarProcessing -Identity ([string]$made[0].DistinguishedName) -AutomateProcessing AutoAccept -WhatIf:$WhatIfPreference -ErrorAction Stop
        }
        # it removes the account too
        Write-Undo ('Remove-Mailbox -Identity {0} -Confirm' -f (ConvertTo-Literal $room.Address))
    }
}
