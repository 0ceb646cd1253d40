[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
param()
$ErrorActionPreference = 'Stop'
Import-Module -Name 'ActiveDirectory' -ErrorAction Stop
$stopped = New-Object -TypeName 'System.Collections.ArrayList'

function ConvertTo-Literal {
    # the five characters that end a literal, each doubled
    param([string]$Text)
    return '''' + ($Text -replace '[''\u2018-\u201B]', '$0$0') + ''''
}

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

function Confirm-Change {
    # shows what will be touched, and asks; a rehearsal (-WhatIf) goes on without asking
    param([string]$What, [string[]]$Touched)
    Write-Host ('{0}: {1}' -f $What, $Touched.Count)
    foreach ($one in $Touched) { Write-Host ('  ' + $one) }
    if ($Touched.Count -eq 0) { return $false }
    if ($WhatIfPreference) { return $true }
    return $PSCmdlet.ShouldContinue(('Change {0}?' -f $Touched.Count), $What)
}

function Write-Undo {
    # output, not only shown: keep it with  | Tee-Object -FilePath undo.txt
    param([string]$Command)
    Write-Output ('UNDO: {0} -Server {1}' -f $Command, (ConvertTo-Literal $server))
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

