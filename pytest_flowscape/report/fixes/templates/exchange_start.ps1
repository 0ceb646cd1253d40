if (-not (Get-Command -Name 'Get-ExchangeServer' -ErrorAction SilentlyContinue)) {
    throw 'Nothing was done. Run this in the Exchange Management Shell of your Exchange Server.'
}

function Get-OneMailbox {
    # Get-Mailbox without a name gives every mailbox: so a name, exactly one answer, and the address that was meant
    param([string]$Address)
    if (-not $Address) { throw 'an address is empty' }
    $found = @(Get-Mailbox -Identity $Address -ErrorAction Stop)
    if ($found.Count -ne 1 -or -not [string]$found[0].DistinguishedName) {
        throw ('{0} is not exactly one mailbox' -f $Address)
    }
    if ([string]$found[0].PrimarySmtpAddress -ne $Address) {
        throw ('{0} is not the primary address of its mailbox' -f $Address)
    }
    return $found[0]
}

function Get-EachMailbox {
    # all of them or none: nothing is changed on a part of the list
    param([string[]]$Addresses)
    $boxes = @()
    foreach ($one in $Addresses) {
        try { $boxes += Get-OneMailbox -Address $one } catch { Write-Warning ('{0}: {1}' -f $one, $_.Exception.Message) }
    }
    if ($boxes.Count -ne $Addresses.Count) {
        throw ('{0} of {1} addresses were found; fix the others first, or take them out of the list in this step' -f $boxes.Count, $Addresses.Count)
    }
    return $boxes
}

function Get-OneUser {
    # the account by its sign-in name, which has to be exactly that of the answer
    param([string]$Name)
    if (-not $Name) { throw 'the account name is empty' }
    $found = @(Get-User -Identity $Name -ErrorAction Stop)
    if ($found.Count -ne 1 -or -not [string]$found[0].DistinguishedName) {
        throw ('{0} is not exactly one account' -f $Name)
    }
    $short = $Name.Split('\')[-1]
    if ([string]$found[0].UserPrincipalName -ne $Name -and [string]$found[0].SamAccountName -ne $short) {
        throw ('{0} is not the name of the account that was found' -f $Name)
    }
    return $found[0]
}

function Write-Undo {
    # output, not only shown: keep it with  | Tee-Object -FilePath undo.txt
    param([string]$Command)
    Write-Output ('UNDO: ' + $Command)
}

# mailboxes of every domain of the forest; it is this session's view only, and is put back at the end
$view = [bool](Get-ADServerSettings -ErrorAction Stop).ViewEntireForest
Set-ADServerSettings -ViewEntireForest $true -WhatIf:$false -ErrorAction Stop
try {
