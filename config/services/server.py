"""What a server is started with: its limits, derived, and the files that it reads."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from portico.config.services.connections import count_connections, limit_connections, limit_memory, list_users
from portico.config.services.urls import name_role
from portico.config.settings import Settings
from portico.config.settings.service import POSTGRES, Service

# Rounds of PostgreSQL's own: more would only cost who connects, since no password of these can be guessed.
_ROUNDS = 4096


def write_options(settings: Settings, service: Service) -> list[str]:
    """The words behind the server's command."""
    connections, memory = limit_connections(settings, service), limit_memory(settings, service)
    if service.kind != POSTGRES:
        return [
            *("--maxclients", str(connections)),
            # The rest is for buffers of clients, and for what changes while the file is written again.
            *("--maxmemory", f"{memory * 6 // 10}mb"),
            *("--maxmemory-policy", "allkeys-lru" if service.evict else "noeviction"),
        ]
    values = {
        "max_connections": connections,
        "shared_buffers": f"{memory // 4}MB",
        "effective_cache_size": f"{memory // 2}MB",
        "maintenance_work_mem": f"{max(16, memory // 16)}MB",
        # For each sort of each connection: seldom do all of them sort at once.
        "work_mem": f"{max(1024, memory * 1024 // 2 // connections)}kB",
    }
    return [word for name, value in values.items() for word in ("-c", f"{name}={value}")]


def write_grants(settings: Settings, service: Service, passwords: Mapping[str, str]) -> str:
    """SQL for psql that makes a role and a database for each site, and gives a role its password: {site: password}.

    It can be run again. No password is in it, but what PostgreSQL keeps of each.
    """
    lines = ["\\set ON_ERROR_STOP on"]
    for site in list_users(settings, service):
        role, most = name_role(site.name), count_connections(settings, site)
        verifier = make_verifier(passwords[site.name])
        lines += [
            f"SELECT 'CREATE ROLE \"{role}\"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec",
            f'ALTER ROLE "{role}" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT {most} '
            f"PASSWORD '{verifier}';",
            f'SELECT \'CREATE DATABASE "{role}" OWNER "{role}"\' '
            f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{role}') \\gexec",
            f'REVOKE ALL ON DATABASE "{role}" FROM PUBLIC;',
        ]
    return "\n".join(lines) + "\n"


def write_users(settings: Settings, service: Service, passwords: Mapping[str, str]) -> str:
    """Valkey's list of users: one for the site, {site: password}, and one without a password that can ask for health.

    No password is in it, but its digest: none of these can be guessed.
    """
    lines = ["user default on nopass resetkeys resetchannels -@all +ping +info"]
    for site in list_users(settings, service):
        digest = hashlib.sha256(passwords[site.name].encode()).hexdigest()
        # What administers the server is not the site's. Queues list the clients, though.
        lines.append(f"user {name_role(site.name)} on #{digest} ~* &* +@all -@admin +client")
    return "\n".join(lines) + "\n"


def make_verifier(password: str) -> str:
    """What PostgreSQL keeps of a password (RFC 5803). The same one each time, so that nothing changes without need."""
    # As good as a random one: of each password there is only one on all servers.
    salt = hashlib.sha256(b"portico salt " + password.encode()).digest()[:16]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    known, kept, asked = (base64.b64encode(one).decode() for one in (salt, stored, server))
    return f"SCRAM-SHA-256${_ROUNDS}:{known}${kept}:{asked}"
