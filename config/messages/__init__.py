"""What users are reported: what an update will change, and why something failed."""
