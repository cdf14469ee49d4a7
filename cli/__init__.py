"""The command `portico`: one file a command, in `commands/`; what they share lies beside it."""
