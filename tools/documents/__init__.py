"""The generators of documents: each module has ``parts()``, and ``python -m tools.documents`` runs all of them."""
