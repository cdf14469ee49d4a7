"""Flask applications behind NGINX and Gunicorn.

`portico.deploy()` is a whole Pulumi program. `Portico` and `Site` are for a program of one's own, beside other
resources.
"""

import gc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portico.components.portico import Portico, Site

__version__ = "0.1.0"
__all__ = ["Portico", "Site", "__version__", "deploy"]


def deploy() -> None:
    """Bring everything live that the stack's configuration says, and export what the stack shows.

    Paths in the configuration count from the folder of Pulumi.yaml. Its keys begin with `portico:`, whatever the
    project is called. Raises pulumi.RunError with every mistake, before anything is changed.
    """
    # A program of one second makes little garbage: looking for it as often as Python does takes 0.1 s of each update.
    gc.set_threshold(100_000)
    # Read late: whoever asks for the version waits for nothing else.
    from portico.components.program import run

    run()


def __getattr__(name: str) -> Any:
    if name in ("Portico", "Site"):
        from portico.components import portico

        return getattr(portico, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
