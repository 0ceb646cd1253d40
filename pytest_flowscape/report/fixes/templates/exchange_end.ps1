} finally {
    Set-ADServerSettings -ViewEntireForest $view -WhatIf:$false -ErrorAction Stop
}
