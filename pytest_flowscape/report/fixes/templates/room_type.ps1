# converting disables the account of the mailbox owner: each mailbox is checked and confirmed on its own
$types = @{ UserMailbox = 'Regular'; SharedMailbox = 'Shared'; EquipmentMailbox = 'Equipment' }
$boxes = @(Get-EachMailbox -Addresses $rooms)
Write-Host ('To be looked at, one by one: {0}' -f $boxes.Count)
foreach ($mailbox in $boxes) {
    $name = [string]$mailbox.DistinguishedName
    $kind = [string]$mailbox.RecipientTypeDetails
    if ($kind -eq 'RoomMailbox') { continue }
    if (-not $types.ContainsKey($kind)) {
        Write-Warning ('{0} is a {1}: by hand' -f [string]$mailbox.PrimarySmtpAddress, $kind)
        continue
    }
    Get-MailboxStatistics -Identity $name -ErrorAction Stop | Format-List -Property @('DisplayName', 'ItemCount', 'LastLogonTime', 'LastLoggedOnUserAccount') | Out-Host
    $what = 'Make a room of this {0}; the account of its owner is disabled' -f $kind
    if (Confirm-Change -What $what -Touched @([string]$mailbox.PrimarySmtpAddress)) {
        Set-Mailbox -Identity $name -Type Room -Confirm -WhatIf:$WhatIfPreference -ErrorAction Stop
        Write-Undo ('Set-Mailbox -Identity {0} -Type {1}; then enable the account again' -f (ConvertTo-Literal $name), $types[$kind])
    }
}
