"""What earlier versions of Portico made of the same settings, one file a version: `keep.py` writes it."""
