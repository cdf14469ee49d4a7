"""With wrong settings the program ends before anything is registered."""

from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from tests.components.recorder import Resource, run
from tests.program.stackfile import ROOT, merge_values, run_program, spell_config

HELLO = {"name": "hello", "source": "examples/hello", "entry": "hello:app", "hosts": ["localhost"]}


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        pytest.param({"port": 0}, ["port: 0 does not fit; write at least 1"], id="one"),
        pytest.param(
            {"sites": [HELLO | {"entry": "hello:nothing"}], "replica": 3, "secrets": {"helo": {"A": "b"}}},
            [
                "replica: there is no such setting; did you mean replicas?",
                "secrets.helo: there is no such site; did you mean hello?",
                'sites[0].entry: "hello:nothing" cannot be imported: hello.py defines no nothing; the names there are ',
            ],
            id="several",
        ),
    ],
)
def test_nothing_is_registered_and_all_is_reported(
    changes: dict[str, Any], lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    seen: list[Resource] = []

    def build() -> None:
        set_all_config(spell_config(merge_values("dev") | changes))
        run_program(ROOT)

    with pytest.raises(pulumi.RunError) as caught:
        run(build, seen=seen)
    assert seen == []
    said = sorted(line.strip() for line in str(caught.value).splitlines()[1:])
    assert len(said) == len(lines)
    assert all(line.startswith(start) for line, start in zip(said, lines, strict=True))
