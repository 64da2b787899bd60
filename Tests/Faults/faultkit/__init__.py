"""What the crash loop, the fault rows and the soak share: a client of its own, a ledger, and a gateway to torment.

Nothing here uses code of the gateway or of the reference client, nor anything but Python's standard library.
"""
