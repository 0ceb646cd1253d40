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
