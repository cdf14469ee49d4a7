"""The words of a failed build."""

from portico.components.docker.build_log import read_failed_step

OUTPUT = """#1 [internal] load build definition
#1 DONE 0.0s
#8 [4/6] RUN pip install
2026/11/24 02:16:26 #8 1.234 Collecting flask
#9 [5/6] RUN true
#9 0.2 fine
#8 2.001 ERROR: No matching distribution found for nothing
#8 ERROR: executor failed running [/bin/sh -c pip install]: exit code: 1
------
 > [4/6] RUN pip install:
"""


def test_only_the_step_that_failed_is_heard() -> None:
    assert read_failed_step(OUTPUT) == ["Collecting flask", "ERROR: No matching distribution found for nothing"]


def test_an_output_of_another_form_is_reported_as_it_is() -> None:
    assert read_failed_step("the Dockerfile cannot be read\n") == ["the Dockerfile cannot be read"]
