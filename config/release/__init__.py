"""A release: one exact state of one site, its name, its containers and its history."""
