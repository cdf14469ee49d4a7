"""The command `portico`: one file for each command in `commands/`; shared modules are beside that folder."""
