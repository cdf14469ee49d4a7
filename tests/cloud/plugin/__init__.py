"""A test double of Pulumi's AWS plugin: README.md says what it does as AWS does, and what it does not."""
