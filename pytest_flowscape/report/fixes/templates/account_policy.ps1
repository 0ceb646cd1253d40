# a policy is only one of the reasons: Protected Users, a rule against NTLM and a balancer that opens TLS are others
if (-not (Get-Command -Name 'Set-User' -ErrorAction Stop).Parameters.ContainsKey('AuthenticationPolicy')) {
    throw 'this Exchange knows no authentication policies: look for the other reasons'
}
$user = Get-OneUser -Name $account
$name = [string]$user.DistinguishedName
$policy = [string]$user.AuthenticationPolicy
if (-not $policy) { throw 'the account has no authentication policy of its own: look for the other reasons' }
if (Confirm-Change -What ('Take the authentication policy from the account: ' + $policy) -Touched @($name)) {
    Set-User -Identity $name -AuthenticationPolicy $null -WhatIf:$WhatIfPreference -ErrorAction Stop
    Write-Undo ('Set-User -Identity {0} -AuthenticationPolicy {1}' -f (ConvertTo-Literal $name), (ConvertTo-Literal $policy))
}
