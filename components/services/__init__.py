"""Databases and caches beside the sites, on a Docker engine."""
