"""Which VM is there, read from the state of the update before."""

from portico.components.aws.recorded_vm import find_recorded_vm
from portico.config.messages.vm_changes import Machine
from tests.components.aws.sample import OLD, leave
from tests.config.aws_sample import read_aws


def test_before_the_first_update_there_is_none() -> None:
    assert find_recorded_vm({}) is None


def test_it_is_known_by_its_number_and_what_it_is_made_of() -> None:
    known = find_recorded_vm(leave(3))
    assert known and (known.number, known.id, known.filled) == (3, OLD, True)
    assert known.machine == Machine.of(read_aws(), "eu-central-1a")


def test_one_that_the_address_never_led_to_is_not_filled() -> None:
    known = find_recorded_vm(leave(filled=False))
    assert known and not known.filled


def test_of_two_the_newer_one_counts() -> None:
    known = find_recorded_vm({**leave(9), **leave(10, "i-00000000000000001", filled=False, instanceType="t3.small")})
    assert known and (known.number, known.id, known.filled) == (10, "i-00000000000000001", False)
    assert known.machine and known.machine.kind == "t3.small"


def test_instances_of_others_are_not_looked_at() -> None:
    ((urn, one),) = leave(filled=False).items()
    assert find_recorded_vm({urn.replace("-vm-1-instance", "-bastion"): one}) is None


def test_one_that_a_refresh_has_found_gone_is_still_counted() -> None:
    known = find_recorded_vm(leave(3, refreshed=True))
    assert known and (known.number, known.id, known.machine, known.filled) == (3, OLD, None, False)


def test_one_that_was_lost_while_it_took_over_counts_before_the_one_that_still_serves() -> None:
    known = find_recorded_vm({**leave(9), **leave(10, "i-00000000000000001", refreshed=True)})
    assert known and (known.number, known.machine) == (10, None)
