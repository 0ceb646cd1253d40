$open = @()
foreach ($mailbox in @(Get-EachMailbox -Addresses $rooms)) {
    $name = [string]$mailbox.DistinguishedName
    $settings = @(Get-CalendarProcessing -Identity $name -ErrorAction Stop)
    if ($settings.Count -ne 1) { throw ('{0} has not exactly one calendar processing' -f [string]$mailbox.PrimarySmtpAddress) }
    $settings[0] | Format-List -Property @('Identity', 'AutomateProcessing', 'AllBookInPolicy', 'BookInPolicy', 'AllRequestInPolicy', 'ResourceDelegates', 'BookingWindowInDays', 'MaximumDurationInMinutes', 'ScheduleOnlyDuringWorkHours') | Out-Host
    if ([string]$settings[0].AutomateProcessing -ne 'AutoAccept') { $open += @{ Name = $name; Former = [string]$settings[0].AutomateProcessing } }
}
if (Confirm-Change -What 'Let these rooms answer by themselves' -Touched @($open | ForEach-Object { '{0}, until now {1}' -f $_.Name, $_.Former })) {
    foreach ($one in $open) {
        Set-CalendarProcessing -Identity $one.Name -AutomateProcessing AutoAccept -WhatIf:$WhatIfPreference -ErrorAction Stop
        Write-Undo ('Set-CalendarProcessing -Identity {0} -AutomateProcessing {1}' -f (ConvertTo-Literal $one.Name), $one.Former)
    }
}
