# only looks: something else than a mailbox has the address
foreach ($address in $rooms) {
    Get-Recipient -Identity $address -ErrorAction Stop | Format-List -Property @('Name', 'RecipientTypeDetails', 'DistinguishedName') | Out-Host
}
