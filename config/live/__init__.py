"""What runs, read back: what NGINX serves, and what somebody changed by hand."""
