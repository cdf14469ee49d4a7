"""A deployment with secrets, which the tests of secrets and those of commands by hand share."""

import secrets
from pathlib import Path
from typing import Final, Self

from tests.docker.applications import small, write_small
from tests.docker.ask import get
from tests.docker.engine import Deployment

HOST: Final = "shop.localhost"
OTHER: Final = "blog.localhost"
SPARE: Final = "spare-key"


class Vault(Deployment):
    """The site shop has two replicas and secrets, blog has none of either; `value` is the secret TOKEN now."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, small("shop", replicas=2, environment={"COLOUR": "green"}), small("blog"))
        self.value = ""

    def __enter__(self) -> Self:
        super().__enter__()
        for site in ("shop", "blog"):
            write_small(self, site)
        self.rotate()
        self.set_secret("shop", "SPARE", SPARE)
        return self

    def rotate(self) -> None:
        """Give the secret another value, which the next update makes live."""
        self.value = f"postgres://shop:clear-{secrets.token_hex(20)}@db.example/shop"
        self.set_secret("shop", "TOKEN", self.value)

    def seen(self, name: str = "TOKEN", host: str = HOST) -> dict[str, object]:
        """What the application of a host says of a secret."""
        return get(self.port, host, f"/secret/{name}").json()
