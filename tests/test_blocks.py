"""Every command and every block of code in the documents is one that runs, or that its reader takes."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from portico.cli.main import portico
from portico.config.reference import describe

ROOT: Final = Path(__file__).parent.parent
FILES: Final = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("README.md"),
        *(ROOT / "contrib").rglob("README.md"),
    ]
)
MAKEFILE: Final = (ROOT / "Makefile").read_text()
FENCE: Final = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# Lines of code that are indented, and code within a sentence, which begin with one of these programs.
PROGRAM: Final = re.compile(r"^ {4,}((?:[A-Z_]+=\S+ +|\. \.tools/env && )*(?:portico|make) .*)$", re.MULTILINE)
INLINE: Final = re.compile(r"`((?:[A-Z_]+=\S+ )?(?:portico|make) [a-z][^`\n]*)`")
# What Pulumi's own settings of a project are called, beside ours.
OTHERS: Final = ("aws:", "pulumi:", "docker:")


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def list_blocks(kind: str) -> Iterator[Any]:
    for file in FILES:
        for found in FENCE.finditer(file.read_text()):
            if found[2] == kind:
                text = re.sub(rf"(?m)^{found[1]}", "", found[3])
                yield pytest.param(text, id=f"{name(file)}:{file.read_text()[: found.start()].count(chr(10)) + 1}")


def list_commands() -> Iterator[Any]:
    for file in FILES:
        text = file.read_text()
        plain = FENCE.sub(lambda found: re.sub(r"(?m)^", "    ", found[3]) if not found[2] else "", text)
        for line in [*PROGRAM.findall(plain), *INLINE.findall(FENCE.sub("", text))]:
            yield pytest.param(line, id=f"{name(file)}: {line[:70]}")


def walk(value: Any, path: str) -> Iterator[str]:
    """The paths of all settings below one, as `describe` knows them."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield f"{path}.{key}" if path else str(key)
            yield from walk(one, f"{path}.{key}" if path else str(key))
    if isinstance(value, list):
        for one in value:
            yield from walk(one, f"{path}[]")


def is_known(path: str) -> bool:
    """Whether there is such a setting, or one above it whose keys are names of the user's own."""
    while path:
        try:
            found = describe(path)
        except (LookupError, StopIteration, ValueError):
            path = path.rpartition(".")[0]
            if not re.search(r"(environment|users|rollback|egress|tags|secretsAs|secrets)(\[\])?$", path):
                return False
            continue
        return bool(found)
    return False


@pytest.mark.parametrize("text", tuple(list_blocks("yaml")))
def test_yaml_holds_settings_that_exist(text: str) -> None:
    document = yaml.safe_load(text)
    assert isinstance(document, dict | list)
    config = document.get("config", document) if isinstance(document, dict) else {}
    settings = {
        str(key).removeprefix("portico:"): value for key, value in config.items() if str(key).startswith("portico:")
    }
    settings = {key: value for key, value in settings.items() if key not in ("secrets", "eabKey", "dnsKey")}
    assert [path for path in walk(settings, "") if not is_known(path)] == []


@pytest.mark.parametrize("text", tuple(list_blocks("python")))
def test_python_is_python(text: str) -> None:
    # A part of a function stands without it.
    ast.parse(text if not text.startswith(" ") else f"def part():\n{text}")


@pytest.mark.parametrize("line", tuple(list_commands()))
def test_a_command_is_one_that_there_is(line: str) -> None:
    words = shlex.split(line, comments=True)
    while words and (re.match(r"[A-Z_]+=", words[0]) or words[0] in (".", ".tools/env", "&&")):
        words.pop(0)
    if words[0] == "make":
        look_at_make(words[1:])
    else:
        look_at_portico(words[1:])


def look_at_make(words: list[str]) -> None:
    for word in words:
        if word == "make":
            continue
        variable, equals, _ = word.rstrip(";").partition("=")
        if word in ("&&", "|", ";"):
            return
        if equals:
            used = MAKEFILE + "".join(file.read_text() for file in (ROOT / "scripts").glob("*.sh"))
            assert re.search(rf"\b{variable}\b", used), f"make reads no {variable}"
        else:
            assert re.search(rf"(?m)^{re.escape(variable)}:", MAKEFILE), f"make has no {word}"


def look_at_portico(words: list[str]) -> None:
    words = words[: next((index for index, word in enumerate(words) if word in ("|", "&&", ">", "||")), None)]
    if words[0].startswith("-"):
        return
    command = portico.get_command(click.Context(portico), words[0])
    assert command, f"there is no portico {words[0]}"
    rest = words[1:]
    while isinstance(command, click.Group) and rest:
        command, rest = command.commands[rest[0]], rest[1:]
    # Raises where an option is none of its.
    command.make_context(words[0], list(rest), resilient_parsing=True)
    options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    end = rest.index("--") if "--" in rest else len(rest)
    assert [word for word in rest[:end] if word.startswith("-") and word.partition("=")[0] not in options] == []


SHELL: Final = re.compile(r"(?m)((?:^ {4}(?:pulumi|aws|curl|docker|git|ssh|export|htpasswd|openssl|sudo) .*\n)+)")


@pytest.mark.parametrize("file", FILES, ids=name)
def test_shell_is_shell(file: Path) -> None:
    for found in SHELL.findall(file.read_text()):
        text = re.sub(r"(?m)^ {4}", "", found)
        done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}{done.stderr}"


REFERENCES: Final = {"settings.md", "files.md"}


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_document_is_short(file: Path) -> None:
    """References are looked into; all else is read as a whole."""
    if file.name not in REFERENCES:
        assert len(file.read_text().splitlines()) <= (100 if file.name == "README.md" and file.parent == ROOT else 200)


def test_a_wrong_block_is_noticed() -> None:
    assert not is_known("sites[].routs") and is_known("sites[].routes[].path") and is_known("sites[].environment.X")
    with pytest.raises(AssertionError):
        look_at_portico(["up", "--stak", "x"])
    with pytest.raises(AssertionError):
        look_at_make(["upp"])
