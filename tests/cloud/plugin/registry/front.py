"""What stands before the registry: the rules that ECR has and a plain registry has not."""

import asyncio
import json
import re
from asyncio.subprocess import Process
from contextlib import suppress
from typing import Final

from tests.cloud.plugin.balancer.message import (
    LARGEST_HEAD,
    Body,
    Head,
    Malformed,
    answer,
    measure_request,
    measure_response,
)
from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fleet_kinds import REPOSITORY
from tests.cloud.plugin.registry import KINDS, spell_login

LARGEST: Final = LARGEST_HEAD
_IDLE: Final = 300.0  # seconds: a layer may be written slowly
_PATH: Final = re.compile(r"/v2/(.+?)/(?:manifests|blobs|tags|referrers)/([^?]*)")
_CHALLENGE: Final = 'Basic realm="ecr",service="ecr.amazonaws.com"'


class Front:
    """Passes on what is allowed, and says no as ECR does."""

    def __init__(self, cloud: Cloud, address: str, behind: int) -> None:
        self._cloud, self._address, self._behind = cloud, address, behind

    async def wait(self, process: Process) -> bool:
        """Wait until the registry answers; False where it has ended."""
        while process.returncode is None:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(self._address, self._behind)
                writer.close()
                return True
            await asyncio.sleep(0.05)
        return False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """All requests of one client."""
        with suppress(OSError, Malformed, TimeoutError, asyncio.IncompleteReadError):
            # Clients try TLS first, and wait for an answer. It begins so, and HTTP never does.
            begun = await reader.readexactly(1)
            if begun == b"\x16":
                writer.close()
                return
            while (head := await Head.read(reader, begun)) is not None:
                begun = b""
                if refusal := await self._refuse(head):
                    status, code, why = refusal
                    errors = json.dumps({"errors": [{"code": code, "message": why}]})
                    more = {"Www_Authenticate": _CHALLENGE} if status == 401 else {}
                    more |= {"Docker_Distribution_Api_Version": "registry/2.0", "Connection": "close"}
                    for piece in answer(status, code, errors, kind="application/json", **more):
                        writer.write(piece)
                    await writer.drain()
                    break
                if not await self._pass(head, reader, writer):
                    break
        writer.close()

    async def _refuse(self, head: Head) -> tuple[int, str, str] | None:
        method, target, _ = head.start
        if head.get("authorization") != f"Basic {spell_login(self._cloud)}":
            return 401, "UNAUTHORIZED", "Not Authorized, or the login has ended"
        if (found := _PATH.match(target)) is None:
            return None if target.rstrip("/") == "/v2" else (404, "UNSUPPORTED", "the double does not know this path")
        name, reference = found[1], found[2]
        if (repository := self._cloud.find(name, REPOSITORY)) is None:
            return 404, "NAME_UNKNOWN", f"The repository with name '{name}' does not exist in the registry"
        if method == "DELETE":
            return 405, "UNSUPPORTED", "images are deleted with ECR's own API"
        mutable = repository.inputs.get("imageTagMutability", "MUTABLE") == "MUTABLE"
        if method == "PUT" and "/manifests/" in target and ":" not in reference and not mutable:
            path = f"/v2/{name}/manifests/{reference}"
            if await self._ask(path) == 200:
                why = f"The image tag '{reference}' already exists in the '{name}' repository and cannot be overwritten"
                return 400, "TAG_INVALID", f"{why} because the tag is immutable."
        return None

    async def _ask(self, path: str) -> int:
        """The status with which the registry answers for a manifest of any kind."""
        reader, writer = await asyncio.open_connection(self._address, self._behind)
        writer.write(Head(start=("HEAD", path, "HTTP/1.1"), fields=(("Host", "registry"), ("Accept", KINDS))).write())
        head = await Head.read(reader)
        writer.close()
        return int(head.start[1]) if head else 0

    async def _pass(self, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Pass one request on; whether the connection can be used for another one."""
        there, back = await asyncio.open_connection(self._address, self._behind, limit=LARGEST)
        try:
            back.write(head.leave_connection(("Connection", "close")).write())
            sending = asyncio.create_task(Body(reader, back, _IDLE).carry(measure_request(head)))
            while True:
                response = await asyncio.wait_for(Head.read(there), _IDLE)
                if response is None:
                    raise Malformed("the registry hung up")
                if response.start[1] != "100":
                    break
                writer.write(response.write())
            length = measure_response(response, head.start[0])
            keeps = sending.done() and head.keeps and length != "to the end"
            more = [("Connection", "keep-alive" if keeps else "close")]
            writer.write(response.leave_connection(*more).write())
            await Body(there, writer, _IDLE).carry(length)
            await writer.drain()
            if not sending.done():
                sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            return keeps
        finally:
            back.close()
