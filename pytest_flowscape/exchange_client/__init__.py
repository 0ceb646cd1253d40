"""exchangelib on the run's own connections: for a customer's tests, and for whatever handles items.

The only place of the product that imports exchangelib and requests. Measuring
stays with ``probes/ews``; here an application's client is put on top of it.
"""
