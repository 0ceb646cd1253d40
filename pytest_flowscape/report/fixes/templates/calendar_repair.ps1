# looks for damage and repairs nothing
$boxes = @(Get-EachMailbox -Addresses $rooms)
if (Confirm-Change -What 'Look for damage in' -Touched @($boxes | ForEach-Object { [string]$_.PrimarySmtpAddress })) {
    foreach ($mailbox in $boxes) {
        New-MailboxRepairRequest -Mailbox ([string]$mailbox.DistinguishedName) -CorruptionType @('FolderView', 'AggregateCounts') -DetectOnly -WhatIf:$WhatIfPreference -ErrorAction Stop | Out-Host
        # later, what it found
        Write-Output ('LATER: Get-MailboxRepairRequest -Mailbox {0} | Format-List -Property JobState, CorruptionsDetected' -f (ConvertTo-Literal ([string]$mailbox.PrimarySmtpAddress)))
    }
}
