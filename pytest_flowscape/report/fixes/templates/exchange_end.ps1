} finally {
    Set-ADServerSettings -ViewEntireForest $view -WhatIf:$false -ErrorAction Stop
}
if ($stopped.Count -gt 0) { Write-Warning ('Not finished: ' + ($stopped -join ', ')) }
