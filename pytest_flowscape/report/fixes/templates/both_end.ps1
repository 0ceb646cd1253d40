if ($stopped.Count -gt 0) { Write-Warning ('Not finished: ' + ($stopped -join ', ')) }
