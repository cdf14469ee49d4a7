"""What the README says, on a machine on which nothing was ever installed: `make test-bare`.

It runs before anything is installed, so it needs Python's own library alone.
"""
