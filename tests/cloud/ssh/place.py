"""A deployment on a machine that is reached over SSH, and what its tests ask of it."""

import time
from dataclasses import dataclass
from typing import Final

from tests.cloud.vm import Vm
from tests.docker.ask import ask
from tests.docker.command import Result
from tests.docker.engine import Deployment
from tests.docker.load import Load
from tests.docker.traffic import light

HOST: Final = "shop.localhost"


@dataclass(frozen=True)
class Place:
    """The machine, the deployment on it, and its first `up`."""

    vm: Vm
    deployment: Deployment
    first: Result

    def load(self) -> Load:
        """Four clients that ask without a pause longer than a tenth of a second."""
        return light(self.deployment, HOST, HOST, most_seconds=2100)

    def release(self) -> str:
        """The release that answers."""
        answer = ask(self.deployment.port, HOST, "/whoami", address=self.vm.address)
        assert answer is not None and answer.status == 200, answer
        return str(answer.json()["release"])

    def await_page(self, seconds: float = 60) -> float:
        """Wait until it answers; how long that took."""
        began, said = time.monotonic(), None
        while time.monotonic() - began < seconds:
            try:
                said = self.release()
            except (OSError, AssertionError) as error:
                said = repr(error)
                time.sleep(0.2)
            else:
                return time.monotonic() - began
        raise AssertionError(f"no page after {seconds:g} s: {said}")

    def converge(self, *, looks: bool = True) -> Result:
        """Make a release, which must go live; if it `looks`, the next `up` must find nothing to do."""
        self.deployment.edit("shop", f"# {time.monotonic()}")
        done = self.deployment.up()
        assert self.release() == self.deployment.outputs()["releases"]["shop"]
        assert self.deployment.present() == self.deployment.wanted()
        assert not looks or self.deployment.up().changes == 0
        return done
