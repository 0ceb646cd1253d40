[void](Get-OneUser -Name $account)
$boxes = @(Get-EachMailbox -Addresses $members)
$held = @(Get-ManagementRoleAssignment -Role ApplicationImpersonation -RoleAssignee $account -Delegating $false -ErrorAction Stop)
foreach ($one in $held) {
    Write-Host ('  has the role by {0}: {1} {2}' -f $one.Name, $one.RecipientWriteScope, $one.CustomRecipientWriteScope)
    if ([string]$one.RecipientWriteScope -eq 'Organization') {
        Write-Warning ('{0} covers the whole organisation and defeats every scope beside it' -f $one.Name)
    }
}
$scoped = @($held | Where-Object { [string]$_.CustomRecipientWriteScope -eq $scopeName })
$foreign = @($held | Where-Object { [string]$_.CustomRecipientWriteScope -and [string]$_.CustomRecipientWriteScope -ne $scopeName })
if ($foreign.Count -gt 0 -and $scoped.Count -eq 0) {
    Get-ManagementScope -ErrorAction Stop | Format-List -Property @('Name', 'RecipientFilter', 'RecipientRoot', 'Exclusive') | Out-Host
    throw 'the role has a scope of another name: write it and the group that it selects into $scopeName and $groupName, or add the members to what its filter selects'
}

# the group, and who is missing in it; only direct members count
$groups = @(Get-DistributionGroup -Filter ('Name -eq ' + (ConvertTo-Literal $groupName)) -ErrorAction Stop)
if ($groups.Count -gt 1) { throw ('{0} groups are called {1}' -f $groups.Count, $groupName) }
if ($groups.Count -eq 0 -and (Confirm-Change -What 'Make the group' -Touched @($groupName))) {
    $groups = @(New-DistributionGroup -Name $groupName -Type Security -MemberJoinRestriction Closed -MemberDepartRestriction Closed -WhatIf:$WhatIfPreference -ErrorAction Stop)
    Write-Undo ('Remove-DistributionGroup -Identity {0}' -f (ConvertTo-Literal $groupName))
}
if ($groups.Count -ne 1) {
    Write-Host '  Nothing further is shown or done while there is no group. These would be its members:'
    foreach ($mailbox in $boxes) { Write-Host ('  ' + [string]$mailbox.PrimarySmtpAddress) }
    return
}
$group = [string]$groups[0].DistinguishedName
if (-not $group) { throw 'the group has no distinguished name' }
$inside = @(Get-DistributionGroupMember -Identity $group -ResultSize Unlimited -ErrorAction Stop | ForEach-Object { [string]$_.PrimarySmtpAddress })
$outside = @($boxes | Where-Object { $inside -notcontains [string]$_.PrimarySmtpAddress })
if (Confirm-Change -What ('Add to the group ' + $groupName) -Touched @($outside | ForEach-Object { [string]$_.PrimarySmtpAddress })) {
    foreach ($mailbox in $outside) {
        $name = [string]$mailbox.DistinguishedName
        Add-DistributionGroupMember -Identity $group -Member $name -BypassSecurityGroupManagerCheck -WhatIf:$WhatIfPreference -ErrorAction Stop | Out-Null
        Write-Undo ('Remove-DistributionGroupMember -Identity {0} -Member {1} -BypassSecurityGroupManagerCheck' -f (ConvertTo-Literal $group), (ConvertTo-Literal $name))
    }
}

# the scope: its filter holds the group's distinguished name, so that moving or renaming the group empties it
$filter = 'MemberOfGroup -eq ''' + $group.Replace('''', '''''') + ''''
$scopes = @(Get-ManagementScope -ErrorAction Stop | Where-Object { [string]$_.Name -eq $scopeName })
if ($scopes.Count -gt 1) { throw ('{0} scopes are called {1}' -f $scopes.Count, $scopeName) }
if ($scopes.Count -eq 0) {
    if (Confirm-Change -What 'Make the scope' -Touched @($scopeName)) {
        New-ManagementScope -Name $scopeName -RecipientRestrictionFilter $filter -WhatIf:$WhatIfPreference -ErrorAction Stop | Out-Null
        Write-Undo ('Remove-ManagementScope -Identity {0}' -f (ConvertTo-Literal $scopeName))
    }
} elseif (-not ([string]$scopes[0].RecipientFilter).Contains($group)) {
    $former = [string]$scopes[0].RecipientFilter
    if (Confirm-Change -What ('Change the filter of the scope; it is now: ' + $former) -Touched @($scopeName)) {
        Set-ManagementScope -Identity $scopeName -RecipientRestrictionFilter $filter -WhatIf:$WhatIfPreference -ErrorAction Stop
        Write-Undo ('Set-ManagementScope -Identity {0} -RecipientRestrictionFilter {1}' -f (ConvertTo-Literal $scopeName), (ConvertTo-Literal $former))
    }
}

# the role, for that scope
if ($scoped.Count -eq 0 -and (Confirm-Change -What 'Assign the role ApplicationImpersonation' -Touched @($account))) {
    if ($WhatIfPreference -and $scopes.Count -eq 0) {
        Write-Host '  The assignment is shown once the scope is there.'
    } else {
        New-ManagementRoleAssignment -Name $groupName -Role ApplicationImpersonation -User $account -CustomRecipientWriteScope $scopeName -WhatIf:$WhatIfPreference -ErrorAction Stop | Out-Null
        Write-Undo ('Remove-ManagementRoleAssignment -Identity {0}' -f (ConvertTo-Literal $groupName))
    }
}

if ($boxes.Count -gt 0) {
    Write-Output ('LATER: Get-ManagementRoleAssignment -Role ApplicationImpersonation -WritableRecipient {0} -GetEffectiveUsers' -f (ConvertTo-Literal ([string]$boxes[0].PrimarySmtpAddress)))
}
# an exclusive scope of others refuses whatever this one says
Get-ManagementScope -Exclusive $true -ErrorAction Stop | Format-List -Property @('Name', 'RecipientFilter', 'RecipientRoot') | Out-Host
