# Fixes proposed by pytest-flowscape 0.1.0
# Customer: Demo Customer
# Site: demo-typical
# Host: mail.demo.test
# Run: 5f2c0a3e-8d41-4c57-9a6e-2b7c1d90e3f1, ended 2026-11-20T20:31:24Z
#
# Run it in Windows PowerShell with the module ActiveDirectory, as a user who may change the service account,
# after reading it.
#
# Rehearse it first: with -WhatIf every change is only shown. Then run it without: each step counts and shows
# what it will change, stops if the count is not as expected, and asks before it changes anything.
#
# Each change prints the command that undoes it, with the former values: save these with | Tee-Object
# -FilePath undo.txt, and run them from the last line to the first.
#
# Values are single-quoted literals at the top of each step; lines may be removed from a list. The tool that
# wrote this has not run any of it.

[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
param()
$ErrorActionPreference = 'Stop'
$stopped = New-Object -TypeName 'System.Collections.ArrayList'

function ConvertTo-Literal {
    # the five characters that end a literal, each doubled
    param([string]$Text)
    return '''' + ($Text -replace '[''\u2018-\u201B]', '$0$0') + ''''
}

function Confirm-Change {
    # shows what will be touched, and asks; a rehearsal (-WhatIf) goes on without asking
    param([string]$What, [string[]]$Touched)
    Write-Host ('{0}: {1}' -f $What, $Touched.Count)
    foreach ($one in $Touched) { Write-Host ('  ' + $one) }
    if ($Touched.Count -eq 0) { return $false }
    if ($WhatIfPreference) { return $true }
    return $PSCmdlet.ShouldContinue(('Change {0}?' -f $Touched.Count), $What)
}

function Invoke-Step {
    # a step that stops leaves the next ones alone
    param([string]$Title, [scriptblock]$Work)
    Write-Host ''
    Write-Host ('=== ' + $Title)
    try { & $Work } catch {
        [void]$stopped.Add($Title)
        Write-Warning ('{0} stopped: {1}' -f $Title, $_.Exception.Message)
    }
}

Import-Module -Name 'ActiveDirectory' -ErrorAction Stop

function Get-OneAccount {
    # exactly one, and the one whose sign-in name is meant
    if (-not $server -or -not $account) { throw 'the server or the account name is empty' }
    $controller = @(Get-ADDomainController -Identity $server -Server $server -ErrorAction Stop)
    if ($controller.Count -ne 1 -or $controller[0].IsReadOnly) { throw ('{0} is not a writable domain controller' -f $server) }
    $short = $account.Split('\')[-1]
    $wanted = 'LockedOut', 'AccountExpirationDate', 'PasswordNeverExpires', 'PasswordExpired', 'SmartcardLogonRequired', 'pwdLastSet'
    if ($identity) {
        $found = @(Get-ADUser -Identity $identity -Server $server -Properties $wanted -ErrorAction Stop)
    } else {
        $found = @(Get-ADUser -Filter 'userPrincipalName -eq $account -or sAMAccountName -eq $short' -Server $server -Properties $wanted -ErrorAction Stop)
    }
    if ($found.Count -ne 1) { throw ('{0} accounts were found' -f $found.Count) }
    if ([string]$found[0].UserPrincipalName -ne $account -and [string]$found[0].SamAccountName -ne $short) {
        throw ('{0} is not the name of the account that was found' -f $account)
    }
    return $found[0]
}

function Write-Undo {
    # output, not only shown: keep it with  | Tee-Object -FilePath undo.txt
    param([string]$Command)
    Write-Output ('UNDO: {0} -Server {1}' -f $Command, (ConvertTo-Literal $server))
}

# the service account, for all steps
$server = 'mail.demo.test'
$identity = 'CN=Flowscape Service,OU=Service Accounts,DC=demo,DC=test'
$account = 'DEMO\svc-flowscape'

# ------------------------------------------------------------------------------------------------------------
# Step 1
# ACCOUNT-4 (required): Password never expires
# Found: the password will expire on 2026-12-31
# If not fixed: On the day the password expires Flowscape stops working, although nobody changed anything.
# Responsible: Active Directory administrator
# Undo: Set-ADUser with -PasswordNeverExpires $false.
# Waiting time: Until the domain controllers have replicated, usually 15 minutes.
# Read more: https://learn.microsoft.com/powershell/module/activedirectory/set-aduser
# ------------------------------------------------------------------------------------------------------------
Invoke-Step 'Step 1: ACCOUNT-4' {
    $user = Get-OneAccount
    $name = [string]$user.DistinguishedName
    $user | Format-List -Property @('PasswordNeverExpires', 'PasswordExpired', 'pwdLastSet') | Out-Host
    if ($user.PasswordNeverExpires -and $user.pwdLastSet -ne 0) { throw 'the flag is set already: look at another domain controller, or wait for replication' }
    if (Confirm-Change -What 'Let the password never expire, and ask for no change' -Touched @($name)) {
        Set-ADUser -Identity $user -Server $server -PasswordNeverExpires $true -ChangePasswordAtLogon $false -WhatIf:$WhatIfPreference -ErrorAction Stop
        $former = if ($user.PasswordNeverExpires) { '$true' } else { '$false' }
        Write-Undo ('Set-ADUser -Identity {0} -PasswordNeverExpires {1}' -f (ConvertTo-Literal $name), $former)
    }
}

if ($stopped.Count -gt 0) { Write-Warning ('Not finished: ' + ($stopped -join ', ')) }

# ACCOUNT-1 (required): First and last name are set
# Found: no last name in Active Directory
# If not fixed: Meetings that Flowscape books show an organiser without a proper name.
# Responsible: Active Directory administrator
# Undo: Set the former names.
# Waiting time: Until the domain controllers have replicated, usually 15 minutes.
# Read more: https://learn.microsoft.com/en-us/powershell/module/exchange/set-user
# The commands are in exchange.ps1, because they need that shell.
