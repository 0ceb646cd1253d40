$user = Get-OneUser -Name $account
$name = [string]$user.DistinguishedName
$settings = @(Get-CASMailbox -Identity $name -ErrorAction Stop)
if ($settings.Count -ne 1) { throw 'the account has not exactly one mailbox' }
$settings[0] | Format-List -Property @('EwsEnabled', 'EwsApplicationAccessPolicy', 'EwsAllowList', 'EwsBlockList') | Out-Host
# only shown: this one holds for everybody
Get-OrganizationConfig -ErrorAction Stop | Format-List -Property @('EwsEnabled', 'EwsApplicationAccessPolicy', 'EwsAllowList', 'EwsBlockList') | Out-Host
if ([string]$settings[0].EwsEnabled -eq 'False' -and (Confirm-Change -What 'Let the account use EWS' -Touched @($name))) {
    Set-CASMailbox -Identity $name -EwsEnabled $true -WhatIf:$WhatIfPreference -ErrorAction Stop
    Write-Undo ('Set-CASMailbox -Identity {0} -EwsEnabled $false' -f (ConvertTo-Literal $name))
}
$allowed = @($settings[0].EwsAllowList | Where-Object { $userAgent -like [string]$_ })
if ([string]$settings[0].EwsApplicationAccessPolicy -eq 'EnforceAllowList' -and $allowed.Count -eq 0) {
    if (Confirm-Change -What ('Add to the programs allowed for the account: ' + $userAgent) -Touched @($name)) {
        Set-CASMailbox -Identity $name -EwsAllowList @{ Add = $userAgent } -WhatIf:$WhatIfPreference -ErrorAction Stop
        Write-Undo ('Set-CASMailbox -Identity {0} -EwsAllowList @{{ Remove = {1} }}' -f (ConvertTo-Literal $name), (ConvertTo-Literal $userAgent))
    }
}
