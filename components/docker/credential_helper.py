"""The command that Docker's provider asks for logins to the registry of AWS: cli/registry_login.py."""

import shutil

import pulumi

# Docker calls it `docker-credential-portico`.
NAME = "portico"


def require_commands() -> None:
    """Refuse, with pulumi.RunError, a machine without the commands that get logins to the registry."""
    if not shutil.which("aws"):
        raise pulumi.RunError(
            "There is no `aws` on this machine, which logs in to the registry; install the AWS CLI. Nothing was "
            "changed."
        )
    if not shutil.which(f"docker-credential-{NAME}"):
        raise pulumi.RunError(
            f"There is no docker-credential-{NAME} on PATH, which logs in to the registry; nothing was changed. "
            "It comes with Portico: run `portico up`, or activate the environment that Portico is installed in. In a "
            "checkout: . .tools/env"
        )
