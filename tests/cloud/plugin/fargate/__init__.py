"""A small real Fargate: the containers of a task in one network namespace, and the services that keep tasks running."""
