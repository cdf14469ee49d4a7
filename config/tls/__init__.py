"""Certificates, keys and password files."""
