"""Flask applications behind NGINX and Gunicorn: a Pulumi program of one call, `portico.deploy()`."""

__version__ = "0.1.0"
__all__ = ["__version__", "deploy"]


def deploy() -> None:
    """Bring everything live that the stack's configuration says, and export what the stack shows.

    Paths in the configuration count from the folder of Pulumi.yaml. Its keys begin with `portico:`, whatever the
    project is called. Raises pulumi.RunError with every mistake, before anything is changed.
    """
    # Read late: whoever asks for the version waits for nothing else.
    from portico.components.program import run

    run()
