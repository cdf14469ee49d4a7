"""A schedule of EventBridge Scheduler: a process that starts a task at each of its times."""
