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
