"""The container of a one-off command."""

from typing import Any

from portico.cli.commands.exec import describe

REPLICA: dict[str, Any] = {
    "Image": "sha256:1",
    "Config": {
        "User": "1234:1234",
        "WorkingDir": "/app",
        "Hostname": "replica",
        "Env": ["A=1", "PORTICO_SITE=shop", "PORTICO_ADDRESS=unix:/run/portico/x", "PORTICO_REPLICA=0"],
        "Labels": {"portico.role": "gunicorn", "portico.site": "shop", "other": "x"},
        "Healthcheck": {"Test": ["CMD", "python3"]},
    },
    "HostConfig": {"Memory": 1, "Binds": ["s:/run/portico:rw"], "RestartPolicy": {"Name": "unless-stopped"}},
    "Mounts": [
        {"Destination": "/run/portico", "Name": "s"},
        {"Destination": "/run/secrets", "Name": "k"},
        {"Destination": "/app/media", "Name": "portico.dev.shop.media"},
    ],
    "NetworkSettings": {"Networks": {"net": {"Aliases": ["shop-abc-0"]}}},
}


def test_it_is_a_replica_that_nobody_asks() -> None:
    made = describe(REPLICA, ["true"], terminal=False)
    host = made["HostConfig"]
    assert (made["User"], made["WorkingDir"], made["Image"], host["Memory"]) == ("1234:1234", "/app", "sha256:1", 1)
    assert made["Env"] == ["A=1", "PORTICO_SITE=shop"] and "Hostname" not in made
    assert made["Labels"]["portico.role"] == "exec" and made["Labels"]["portico.site"] == "shop"
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"net": {}}} and made["Healthcheck"] == {"Test": ["NONE"]}
    assert host["Binds"] is None and [one["Target"] for one in host["Mounts"]] == ["/app/media", "/run/secrets"]
    # Data is the replica's own, and the engine copies nothing of the image into it.
    assert host["Mounts"][0]["Source"] == "portico.dev.shop.media" and "Source" not in host["Mounts"][1]
    assert host["Mounts"][0]["VolumeOptions"] == {"NoCopy": True}
    assert host["RestartPolicy"] == {"Name": "no"} and host["AutoRemove"]
    bare = {**REPLICA, "Mounts": REPLICA["Mounts"][:1]}
    assert describe(bare, ["true"], terminal=True)["HostConfig"]["Mounts"] == []
