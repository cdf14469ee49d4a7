"""Where a secret gets to, of all that the program registers: into one container, and nowhere else, on each host."""

from pathlib import Path

import pytest

from portico.components.aws.recorded_vm import INSTANCE
from portico.config.render.cloud_init import unpack_user_data
from tests.components.recorder import CONTAINER, Recorder, list_texts
from tests.program.conftest import run_stacks
from tests.program.stackfile import STACKS

VALUE = "postgres://hello:correct-horse@db.example/hello"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recorder]:
    home: Path = tmp_path_factory.mktemp("guarded")
    return run_stacks(home, secrets={"hello": {"DATABASE_URL": VALUE}})


@pytest.mark.parametrize("stack", STACKS)
def test_it_is_in_one_container_and_marked_as_a_secret(guarded: dict[str, Recorder], stack: str) -> None:
    made = guarded[stack]
    found = [(one, secret) for one in made.resources for text, secret in list_texts(one.raw) if VALUE in text]
    (place,) = {(one.type, one.labels.get("portico.role")) for one, _ in found}
    assert place == (CONTAINER, "files") and all(secret for _, secret in found)
    assert VALUE not in str(made.exports) and VALUE not in str(made.outputs)


def test_the_user_data_of_a_vm_holds_none(guarded: dict[str, Recorder]) -> None:
    (instance,) = guarded["prod"].of_type(INSTANCE)
    assert VALUE not in unpack_user_data(instance.inputs["userDataBase64"])
