"""The known name of a replica, as the switch gives it, keeps it and gives it back."""

import os
from pathlib import Path

import pytest

from tests.components.switch_folder import Ran, SwitchFolder

NAMED = "all=$(seq $(count)); refused=; mkdir -p $work/1 $work/2; name_replicas"


def name(here: SwitchFolder, code: str = NAMED) -> Ran:
    ran = here.prove(code)
    assert (ran.code, ran.errors) == (0, ""), ran
    return ran


def leads(known: Path) -> str | None:
    return os.readlink(known) if known.is_symlink() else None


def test_a_proven_replica_is_given_the_known_name_and_it_can_be_given_back(here: SwitchFolder) -> None:
    old, new = here.add(), here.add()
    here.replicas = [new]
    new.known.symlink_to(old.own.name)
    name(here)
    assert leads(new.known) == new.own.name
    new.known.unlink()
    new.known.symlink_to(old.own.name)
    name(here, NAMED + "; unname_replicas")
    assert leads(new.known) == old.own.name
    assert sorted(path.name for path in new.known.parent.iterdir() if path.suffix == ".switch") == []


def test_a_name_that_nobody_had_stays_with_whom_it_was_given(here: SwitchFolder) -> None:
    found = here.add()
    name(here, NAMED + "; unname_replicas")
    assert leads(found.known) == found.own.name


def test_a_refused_replica_is_given_no_name(here: SwitchFolder) -> None:
    old, new, blog = here.add(), here.add(), here.add("blog")
    here.replicas = [new, blog]
    new.known.symlink_to(old.own.name)
    for code in ("", "; unname_replicas"):
        name(here, NAMED.replace("refused=", "refused=' shop'") + code)
        assert leads(new.known) == old.own.name and leads(blog.known) == blog.own.name


@pytest.mark.parametrize("whose", ["its own", "another's"])
def test_a_name_that_was_laid_aside_is_taken(here: SwitchFolder, whose: str) -> None:
    """The health check lays aside the name of a replica that fails (components/in_container/health.py)."""
    old, new = here.add(), here.add()
    here.replicas = [new]
    aside, owner = Path(f"{new.known}.out"), new if whose == "its own" else old
    aside.symlink_to(owner.own.name)
    name(here)
    assert leads(new.known) == new.own.name and not aside.is_symlink()
    aside.symlink_to(owner.own.name)
    new.known.unlink()
    name(here, NAMED + "; unname_replicas")
    assert leads(new.known) == owner.own.name


def test_a_replica_that_has_its_name_keeps_it(here: SwitchFolder) -> None:
    found = here.add()
    found.known.symlink_to(found.own.name)
    before = found.known.lstat().st_ino
    name(here, NAMED + "; unname_replicas")
    assert found.known.lstat().st_ino == before
