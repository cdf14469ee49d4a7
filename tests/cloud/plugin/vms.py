"""VMs for instances. Each is named after its instance, so that any process finds it."""
