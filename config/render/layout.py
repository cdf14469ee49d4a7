"""Where NGINX's files lie: in Portico's own container, or on a machine that runs NGINX itself."""

from dataclasses import dataclass

from portico.config.render.caching import KEYS
from portico.config.settings import Settings

# Ports inside the edge's container: above 1024, so that NGINX needs no capability.
LISTEN = 8080
LISTEN_TLS = 8443
# Answers on the machine's own loopback only: liveness, the served tree's digest, counters.
PRIVATE = 8081
# Answers the load balancer alone, where there is one: whether the application behind is ready.
READY = 8082
# Where NGINX finds certificates that are ordered, and the answers to an authority's challenges.
CERTIFICATES, CHALLENGES = "/srv/certificates", "/srv/challenges"
# What NGINX is called in the network of a site, where its Gunicorns are reached by the network.
EDGE = "portico-edge"
# What the stores of bodies that NGINX collects begin with: one a site, by its number from 0 on. They are file systems
# of its container. Where there is none, NGINX makes a folder.
BODIES = "/tmp/bodies"
# Where NGINX finds data that has a URL: a folder for each site, and in it one for each of its data.
DATA = "/srv/data"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Paths and ports that differ between machines; everything else is the same text.

    `files` is the folder of nginx.conf, `sites` the folder of the sites' files below it, `private`
    the folder of certificates and password files. `certificates` are those that are ordered, `challenges` where their
    authority finds its answers. `cache` is what folders of kept answers begin with, and
    `keys` how much memory NGINX has for the names of those of one site. `bodies` is what stores of collected bodies
    begin with; "" where all lie where the machine's NGINX has them. `in_memory` says whether what NGINX writes lies in
    memory, and not on a disk.
    """

    files: str
    sites: str
    enabled: str
    private: str
    certificates: str
    challenges: str
    user: str | None
    pid: str
    error_log: str
    access_log: str
    static: str
    data: str
    cache: str
    keys: str
    bodies: str
    in_memory: bool
    listen: int
    listen_tls: int


def lay_out(settings: Settings, name: str = "conf.d") -> Layout:
    """The layout `name`: conf.d as in Portico's container, or sites-available as on Debian."""
    if name == "conf.d":
        return Layout(
            files="/etc/portico/live",
            sites="conf.d",
            enabled="conf.d",
            private="/etc/portico/private",
            certificates=CERTIFICATES,
            challenges=CHALLENGES,
            user=None,
            pid="/tmp/nginx.pid",
            error_log="/dev/stderr",
            access_log="/dev/stdout",
            static="/srv/static",
            data=DATA,
            cache="/tmp/cache",
            keys=KEYS,
            bodies=BODIES,
            in_memory=True,
            listen=LISTEN,
            listen_tls=LISTEN_TLS,
        )
    return Layout(
        files="/etc/nginx",
        sites="sites-available",
        enabled="sites-enabled",
        private="/etc/nginx/private",
        certificates="/etc/nginx/certificates",
        challenges="/srv/challenges",
        user="www-data",
        pid="/run/nginx.pid",
        error_log="/var/log/nginx/error.log",
        access_log="/var/log/nginx/access.log",
        static="/srv/static",
        data=DATA,
        cache="/var/cache/nginx/portico",
        keys="512k",
        bodies="",
        in_memory=False,
        listen=settings.port,
        listen_tls=settings.tls.port if settings.tls else 0,
    )
