$held = @(Get-ManagementRoleAssignment -Role ApplicationImpersonation -RoleAssignee $account -Delegating $false -ErrorAction Stop)
$held | Format-List -Property @('Name', 'RoleAssigneeName', 'RoleAssigneeType', 'RecipientWriteScope', 'CustomRecipientWriteScope') | Out-Host
$wide = @($held | Where-Object { [string]$_.RecipientWriteScope -eq 'Organization' })
$scoped = @($held | Where-Object { [string]$_.CustomRecipientWriteScope })
if ($remove.Count -eq 0) { throw 'a person decides: write the names of those to be removed into $remove' }
if ($scoped.Count -eq 0) { throw 'no scoped assignment is in place: without one the account could act as nobody' }
$chosen = @($wide | Where-Object { $remove -contains [string]$_.Name })
if ($chosen.Count -ne $remove.Count) { throw ('{0} of {1} names are assignments without a scope' -f $chosen.Count, $remove.Count) }
# one that is held through a group may serve others too
if (Confirm-Change -What 'Remove assignments' -Touched @($chosen | ForEach-Object { '{0} of {1}' -f $_.Name, $_.RoleAssigneeName })) {
    foreach ($one in $chosen) {
        $name = [string]$one.Name
        Remove-ManagementRoleAssignment -Identity $name -Confirm -WhatIf:$WhatIfPreference -ErrorAction Stop
        $kind = if ([string]$one.RoleAssigneeType -eq 'User') { '-User' } else { '-SecurityGroup' }
        Write-Undo ('New-ManagementRoleAssignment -Name {0} -Role ApplicationImpersonation {1} {2}' -f (ConvertTo-Literal $name), $kind, (ConvertTo-Literal ([string]$one.RoleAssigneeName)))
    }
}
