"""What users are told: what an update will change, and why something failed."""
