# the Default Web Site only: the back end is not to be configured, and Extended Protection stays on
if ($servers.Count -eq 0) { throw 'write the names of all front ends into $servers' }
$open = @()
foreach ($server in $servers) {
    if (-not $server) { throw 'a server name is empty' }
    $found = @(Get-WebServicesVirtualDirectory -Identity ($server + '\EWS (Default Web Site)') -ErrorAction Stop)
    if ($found.Count -ne 1) { throw ('{0} has not exactly one EWS directory' -f $server) }
    $found[0] | Format-List -Property @('Identity', 'WindowsAuthentication', 'BasicAuthentication') | Out-Host
    if ([string]$found[0].WindowsAuthentication -ne 'True') { $open += $server }
}
if (Confirm-Change -What 'Offer Windows authentication for EWS' -Touched $open) {
    foreach ($server in $open) {
        $name = $server + '\EWS (Default Web Site)'
        Set-WebServicesVirtualDirectory -Identity $name -WindowsAuthentication $true -WhatIf:$WhatIfPreference -ErrorAction Stop
        Write-Undo ('Set-WebServicesVirtualDirectory -Identity {0} -WindowsAuthentication $false' -f (ConvertTo-Literal $name))
    }
}
