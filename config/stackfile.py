"""A stack's configuration as Pulumi's command line reads it, for what runs without Pulumi.

A stack whose secrets a service keeps (a cloud's KMS, Pulumi Cloud) is the exception: Pulumi itself is asked.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from portico.config.document import UnreadableDocument, read_document, spell, take_config
from portico.config.mistake import Mistake, Mistakes
from portico.config.plan import NAMESPACE, parse_values
from portico.config.secure_values import list_exposed


class UnreadableStack(Exception):
    """A stack file that is not there or cannot be read; the message says what to do."""


def read_stack(root: Path, stack: str) -> dict[str, Any]:
    """The stack's values: what its own file says, over the defaults of Pulumi.yaml; secrets are in plain text.

    Raises UnreadableStack, and Mistakes where something is encrypted that is no secret of Portico's.
    """
    return parse_values(read_texts(root, stack)[0])


def read_texts(root: Path, stack: str) -> tuple[dict[str, str], str]:
    """The configuration by whole keys, as Pulumi hands it over, and the project's name.

    Raises as `read_stack`.
    """
    file = root / f"Pulumi.{stack}.yaml"
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", stack) or not file.is_file():
        names = sorted(path.name.split(".", 1)[1].removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml"))
        asked = spell(stack)
        raise UnreadableStack(
            f"there is no environment '{asked}'; write Pulumi.{asked}.yaml, or choose one of: {' '.join(names)}"
        )
    project = str(_read(root / "Pulumi.yaml").get("name"))
    texts: dict[str, str] = {}
    for key, declared in _config(root / "Pulumi.yaml").items():
        value = declared.get("value", declared.get("default")) if isinstance(declared, dict) else declared
        if value is not None:
            texts[_name(key, project)] = _spell(value)
    document, config = _read(file), _name_all(_config(file), project)
    if exposed := [*list_exposed(_take_ours(config))]:
        raise Mistakes(exposed)
    if _holds_secret(config) and not isinstance(document.get("encryptionsalt"), str):
        return texts | _ask_pulumi(root, stack), project
    reader = _Secrets(document, file.name, stack)
    texts |= {key: _spell(reader.open(value)) for key, value in config.items()}
    return texts, project


def list_outside(root: Path, stack: str) -> Iterator[Mistake]:
    """Settings of Portico that stand beside `config` in the stack's own file, where nobody reads them.

    Raises UnreadableStack.
    """
    file = root / f"Pulumi.{stack}.yaml"
    for key in _read(file) if file.is_file() else ():
        if str(key).startswith(f"{NAMESPACE}:"):
            yield Mistake(str(key), "is not used outside of `config`; write it below `config:`, indented")


def read_written(root: Path, stack: str) -> dict[str, Any]:
    """Portico's settings as the stack's own file has them: what is encrypted there still is, as {"secure": …}.

    Empty where there is no such file. Raises UnreadableStack.
    """
    file = root / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        return {}
    return _take_ours(_name_all(_config(file), _read(root / "Pulumi.yaml").get("name")))


def _ask_pulumi(root: Path, stack: str) -> dict[str, str]:
    """What Pulumi's own command says of the stack: it knows every service that may keep its secrets."""
    command = ["pulumi", "config", "--json", "--show-secrets", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        why = "pulumi is not installed here; install it: make setup"
    else:
        if done.returncode == 0:
            return {key: entry["value"] for key, entry in json.loads(done.stdout).items() if "value" in entry}
        why = (done.stderr.strip().splitlines() or ["pulumi config failed"])[-1].removeprefix("error: ")
    raise UnreadableStack(f"the secrets of Pulumi.{stack}.yaml are kept by a service, which Pulumi asks: {spell(why)}")


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(map(_holds_secret, value.values()))
    return isinstance(value, list) and any(map(_holds_secret, value))


def _name(key: str, project: object) -> str:
    """The whole name of a key: one may stand without the project's."""
    return key if ":" in key else f"{project}:{key}"


def _name_all(config: Mapping[str, Any], project: object) -> dict[str, Any]:
    return {_name(key, project): value for key, value in config.items()}


def _take_ours(named: Mapping[str, Any]) -> dict[str, Any]:
    """Portico's settings, without its namespace."""
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): value for key, value in named.items() if key.startswith(prefix)}


def _read(file: Path, reader: Callable[[Path], dict[str, Any]] = read_document) -> Mapping[str, Any]:
    try:
        return reader(file)
    except OSError as error:
        raise UnreadableStack(f"{file.name} cannot be read: {error.strerror}") from None
    except UnreadableDocument as error:
        raise UnreadableStack(str(error)) from None


def _config(file: Path) -> dict[str, Any]:
    """The `config` section; a value stays the text that was written, unless it is a number, a list or a mapping."""
    config, written = _read(file, take_config), _read(file, partial(take_config, texts=True))
    return {
        str(key): _keyed(value) if isinstance(value, dict | list) else _write(value, written.get(str(key)))
        for key, value in config.items()
    }


def _write(value: Any, written: Any) -> Any:
    """A number as Pulumi writes it again: with ten digits, however it was written."""
    return str(value) if type(value) is int else written


def _keyed(value: Any) -> Any:
    """The same with texts as keys, as JSON wants them."""
    if isinstance(value, dict):
        return {str(key): _keyed(inner) for key, inner in value.items()}
    return [_keyed(inner) for inner in value] if isinstance(value, list) else value


def _spell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class _Secrets:
    """Opens what `pulumi config set --secret` locked with the stack's passphrase (AES-256-GCM)."""

    def __init__(self, document: Mapping[str, Any], file: str, stack: str) -> None:
        self._document, self._file, self._stack = document, file, stack
        self._key: bytes | None = None

    def open(self, value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {"secure"} and isinstance(value["secure"], str):
                return self._open(value["secure"])
            return {key: self.open(inner) for key, inner in value.items()}
        return [self.open(inner) for inner in value] if isinstance(value, list) else value

    def _open(self, locked: str) -> str:
        # Only stacks with secrets need it, and it takes a tenth of a second to import.
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            key = self._key = self._key or self._derive()
            _, nonce, text = locked.split(":")
            return AESGCM(key).decrypt(base64.b64decode(nonce), base64.b64decode(text), None).decode()
        except InvalidTag:
            raise UnreadableStack(
                f"the passphrase does not open the secrets of {self._file}; "
                "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the stack's own"
            ) from None
        except (ValueError, IndexError):
            raise UnreadableStack(f"{self._file} holds a secret that is not in Pulumi's form; set it again") from None

    def _derive(self) -> bytes:
        salt = str(self._document["encryptionsalt"])
        file = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
        if file and Path(file).is_file():
            phrase = Path(file).read_text().strip()
        elif (reported := os.environ.get("PULUMI_CONFIG_PASSPHRASE")) is not None:
            phrase = reported
        elif self._stack == "dev":
            phrase = ""
        else:
            raise UnreadableStack(
                f"{self._file} holds secrets, and releases are named by them too; "
                "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to its passphrase"
            )
        # Pulumi's own numbers: PBKDF2 with SHA-256, a million rounds, 32 bytes.
        return hashlib.pbkdf2_hmac("sha256", phrase.encode(), base64.b64decode(salt.split(":")[1]), 1_000_000, 32)
