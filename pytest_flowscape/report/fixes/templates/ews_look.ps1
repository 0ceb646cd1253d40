# only looks: what is set for EWS, and in what state the front ends are
Get-WebServicesVirtualDirectory -ADPropertiesOnly -ErrorAction Stop | Format-List -Property @('Server', 'InternalUrl', 'ExternalUrl') | Out-Host
Get-OrganizationConfig -ErrorAction Stop | Format-List -Property @('EwsEnabled', 'EwsApplicationAccessPolicy', 'EwsAllowList', 'EwsBlockList') | Out-Host
foreach ($server in $servers) {
    Write-Host ($server + ':')
    Test-ServiceHealth -Server $server -ErrorAction Stop | Format-List -Property @('Role', 'RequiredServicesRunning', 'ServicesNotRunning') | Out-Host
    Get-WebServicesVirtualDirectory -Server $server -ErrorAction Stop | Format-List -Property @('Identity', 'WindowsAuthentication', 'BasicAuthentication') | Out-Host
    Get-ServerComponentState -Identity $server -Component EwsProxy -ErrorAction Stop | Format-List -Property @('Component', 'State') | Out-Host
}
