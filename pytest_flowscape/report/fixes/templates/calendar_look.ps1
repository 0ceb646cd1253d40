# only looks: what else than FullAccess may refuse the account
foreach ($mailbox in @(Get-EachMailbox -Addresses $rooms)) {
    $name = [string]$mailbox.DistinguishedName
    Write-Host ([string]$mailbox.PrimarySmtpAddress)
    $mailbox | Format-List -Property @('ProhibitSendReceiveQuota', 'LitigationHoldEnabled', 'Database') | Out-Host
    Get-MailboxPermission -Identity $name -User $account -ErrorAction Stop | Format-Table -Property @('AccessRights', 'Deny', 'IsInherited') -AutoSize | Out-Host
    # by its type, as the calendar has another name in another language
    $calendars = @(Get-MailboxFolderStatistics -Identity $name -FolderScope Calendar -ErrorAction Stop | Where-Object { [string]$_.FolderType -eq 'Calendar' })
    foreach ($calendar in $calendars) {
        $folder = $name + ':' + ([string]$calendar.FolderPath).Replace('/', '\')
        Get-MailboxFolderPermission -Identity $folder -ErrorAction Stop | Format-Table -Property @('User', 'AccessRights') -AutoSize | Out-Host
    }
}
