if ($servers.Count -eq 0) { throw 'write the names of all front ends into $servers' }
$chosen = @()
foreach ($server in $servers) {
    if (-not $server) { throw 'a server name is empty' }
    $all = @(Get-ExchangeCertificate -Server $server -ErrorAction Stop)
    Write-Host ($server + ':')
    $all | Format-List -Property @('Thumbprint', 'Subject', 'CertificateDomains', 'NotAfter', 'Services') | Out-Host
    $new = @($all | Where-Object { $thumbprint -and [string]$_.Thumbprint -eq $thumbprint })
    $former = @($all | Where-Object { [string]$_.Services -match 'IIS' -and [string]$_.Thumbprint -ne $thumbprint })
    $chosen += @{ Server = $server; New = $new.Count; Former = @($former | ForEach-Object { [string]$_.Thumbprint }) }
}
if ($thumbprint -notmatch '^[0-9A-Fa-f]{40}$') { throw 'a person decides: write the 40 digits of the right certificate into $thumbprint' }
$there = @($chosen | Where-Object { $_.New -eq 1 })
if ($there.Count -ne $servers.Count) { throw ('{0} of {1} servers have that certificate: import it on the others first' -f $there.Count, $servers.Count) }
if (Confirm-Change -What ('Serve HTTPS with the certificate ' + $thumbprint) -Touched $servers) {
    foreach ($one in $chosen) {
        Enable-ExchangeCertificate -Thumbprint $thumbprint -Services IIS -Server $one.Server -WhatIf:$WhatIfPreference -ErrorAction Stop
        foreach ($former in $one.Former) {
            Write-Undo ('Enable-ExchangeCertificate -Thumbprint {0} -Services IIS -Server {1}' -f $former, (ConvertTo-Literal $one.Server))
        }
    }
}
