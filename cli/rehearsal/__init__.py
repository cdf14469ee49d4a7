"""`portico rehearse`: a release's command and its replicas, tried on a copy that a backup makes."""
