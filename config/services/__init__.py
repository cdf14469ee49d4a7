"""Databases and caches beside the sites: what follows from `services` and from `uses` of the sites."""
