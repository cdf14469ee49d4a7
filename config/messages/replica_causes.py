"""Why a replica did not get healthy: a table from evidence to causes, the most likely first. Pure text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from portico.config.messages.database_causes import DATABASE_LOG, OF_WORKERS
from portico.config.messages.entry_causes import ENTRY_LOG

# More than three are no answer.
_MOST = 3
# A line of Gunicorn's own: [2026-01-31 12:00:00 +0000] [7] [INFO] Booting worker with pid: 7
_GUNICORNS_OWN = r"\[\d{4}-[^\]\n]*\] \[\d+\] \[[A-Z]+\]"
_LONGEST = 300  # letters of an application's own words


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of a failed container.

    `log` are its last lines, `health` the last words of its health check, `passed` whether that was
    well in the end. `address` is where NGINX looks for it: "unix:/path" or "host:port".
    """

    site: str = ""
    log: str = ""
    health: str = ""
    passed: bool = False
    oom: bool = False
    exit_code: int | None = None
    restarts: int = 0
    address: str = ""


_NO_GUNICORN = "its image holds no gunicorn that is found: let the Dockerfile install it, and PATH lead to it"
_NOT_ITS_OWN = (
    "its user may not run gunicorn: a container runs as Portico's own user of {site}, whatever USER the Dockerfile "
    "names; install where everybody may read, such as /opt/venv, not in /root or in a home (or write chmod a+rx for it)"
)
_FLASK = "Flask is missing: name flask in the requirements of {site}"
_WERKZEUG = (
    "Werkzeug is missing, by which Gunicorn has an application believe NGINX: install werkzeug, or flask, in the image "
    "of {site}"
)
_READ_ONLY = (
    "it writes to its own folder ({0}): only /tmp, which is empty after a restart, and folders of `data` can be "
    "written; name a folder that is to last in `data` of {site}"
)
_INSTALLED = (
    "it writes into an installed package ({0}), where nothing can be written: tell it another folder by its own "
    "settings, in `data` of {site} or below /tmp; where it has none, let your own Dockerfile write that into the image"
)
_PACKAGE = "the package {0} is missing: name it in the requirements of {site}, or, if it is its own, see `entry`"
_SETUPTOOLS = (
    "pkg_resources is missing, which an old package such as gunicorn 20 asks for: name setuptools<81 in the "
    "requirements of {site}, or a newer version of that package"
)
_GEVENT = (
    "`gunicorn.workerClass` of {site} is gevent, and its image lacks what that needs: let the Dockerfile install "
    "gunicorn[gevent]"
)
_MEMORY = "it ran out of memory: raise `gunicorn.memory` of {site}, or lower its `gunicorn.workers`"
_SECRET = (
    "the secret {0} is missing: set it with `pulumi config set --secret --path portico:secrets.{site}.{0}`; "
    "the application reads it from /run/secrets/{0}"
)
_VARIABLE = "the variable {0} is missing: set `environment.{0}` of {site}"
_SENSITIVE = (
    "the variable {0} is missing; it looks like a secret: set it with `pulumi config set --secret --path "
    "portico:secrets.{site}.{0}` and write `secretsAs: environment` for {site}, or, if it is none, set "
    "`environment.{0}`"
)

_AT_IMPORT = r"Worker failed to boot|Exception in worker process"
_PACKAGES = r"[^'\n]*/(?:site|dist)-packages/"
_IMPORTED = "it fails while it is imported: its traceback says why"

# How certain a sign is, the sign, and what it means; {0} is what the sign's group has found.
# Where two are equally certain, the later one in the log is nearer to the end.
_LOG = (
    (95, r"was sent SIGKILL! Perhaps out of memory", _MEMORY),
    (95, r"(?m)^MemoryError", _MEMORY),
    (91, r"ModuleNotFoundError: No module named 'flask(?:\.[^'\n]*)?'", _FLASK),
    (91, r"ModuleNotFoundError: No module named 'werkzeug(?:\.[^'\n]*)?'", _WERKZEUG),
    (91, r"ModuleNotFoundError: No module named 'pkg_resources'", _SETUPTOOLS),
    (92, r"gevent worker requires gevent|workers/ggevent\.py(?:.*\n){0,9}ModuleNotFoundError", _GEVENT),
    (90, r"ModuleNotFoundError: No module named '((?!pkg_resources')[^'\n]+)'", _PACKAGE),
    (90, r'File "([^"\n]+", line \d+)\n(?:.*\n){0,4}(?:Syntax|Indentation|Tab)Error: ', "{0} is not valid Python"),
    *ENTRY_LOG,
    (91, r'exec: \\?"[^"\n]*\\?":? .*permission denied|exec gunicorn failed: Permission denied', _NOT_ITS_OWN),
    (91, r"gunicorn: bad interpreter: Permission denied|exec: [^\n]*gunicorn: Permission denied", _NOT_ITS_OWN),
    (
        90,
        r'executable file not found|exec: \\?"gunicorn|exec gunicorn failed: No such file|gunicorn: not found',
        _NO_GUNICORN,
    ),
    (
        90,
        r"exec ([^\n]*?)(?: failed)?: (?:[Ee]xec format error|No such file or directory)",
        "{0} of its ENTRYPOINT cannot be run: see that it begins with #! and a program of the image, that its lines "
        "end without carriage returns, and that it is executable",
    ),
    *DATABASE_LOG,
    (88, r"FileNotFoundError: [^\n]*'/run/secrets/([^'/\n]+)'", _SECRET),
    (88, r"no secret key was set", _SECRET.replace("{0}", "SECRET_KEY")),
    (
        86,
        r"No space left on device",
        "the disk is full (`docker system df` says of what), or /tmp is: it has space for two bodies of `body`",
    ),
    (85, r"Address already in use", "something else in its container listens at the same address"),
    (87, rf"Read-only file system: (?:'[^'\n]+' -> )?'({_PACKAGES}[^'\n]+)'", _INSTALLED),
    (86, rf"Read-only file system: '[^'\n]+' -> '((?!{_PACKAGES})[^'\n]+)'", _READ_ONLY),
    (85, rf"Read-only file system(?!: (?:'[^'\n]+' -> )?'{_PACKAGES})(?:: '([^'\n]+)')?", _READ_ONLY),
    (84, r"(?:PermissionError|Permission denied)[^\n]*?: '([^'\n]+)'", "its user may not open {0}"),
    (
        82,
        r"FileNotFoundError: [^\n]*?: b?'([^'\n]+)'",
        "{0} is not in its image: see .dockerignore, and the folder it counts from",
    ),
    (66, r"ImportError: (.+)", "it cannot be imported ({0})"),
    (65, _AT_IMPORT, _IMPORTED),
)
_HEALTH = (
    (
        87,
        r"-> HTTP/1\.\d 400",
        "it refuses the host name: see `hosts` of {site}, and SERVER_NAME or TRUSTED_HOSTS in Flask",
    ),
    (
        70,
        r"-> (?:HTTP/1\.\d )?(5\d\d)",
        "it answers its health path with {0}: its log says why; see `health` of {site}",
    ),
    (
        60,
        r"-> no answer in time",
        "it does not answer its health path in time: see what it does at its start, or raise `healthTimeout`",
    ),
    (20, r"-> no answer", "Gunicorn does not listen: its log says why"),
)


def rank_causes(evidence: Evidence) -> list[str]:
    """The likely causes, at most three, the most likely first; each says what to do."""
    # The same cause is reported once, of the place nearest to the end, and each line of a log has one cause.
    found: dict[str, tuple[int, int]] = {}
    kinds, lines = set[str](), set[int]()
    for certainty, place, text, kind, line in sorted(_find(evidence), key=lambda one: one[:2], reverse=True):
        if kind in kinds or line in lines:
            continue
        kinds.add(kind)
        lines |= {line} if line else set()
        found[text] = (certainty, place)
    ranked = list(found)
    # Uncertain causes are left out where one is certain.
    return [text for text in ranked if found[text][0] >= 70 or text == ranked[0]][:_MOST]


def _find(evidence: Evidence) -> Iterator[tuple[int, int, str, str, int]]:
    """Of each sign: how certain it is, its place, what it means, of which kind that is, and its line; 0 for none."""
    # What was before the last start is reported again after it, or is no longer true; a last start that
    # has only just begun tells nothing yet.
    log = evidence.log[max(evidence.log.rfind("Starting gunicorn"), 0) :]
    if not any(re.search(sign, log) for _, sign, _ in _LOG):
        log = evidence.log
    site = evidence.site or "the site"
    if evidence.oom:
        yield 100, 0, _MEMORY.format(site=site), _MEMORY, 0
    for certainty, place, text in _find_address(evidence, log):
        yield certainty, place, text, text, 0
    for certainty, place, text in _find_key(log, site):
        yield certainty, place, text, "KeyError", 0
    for certainty, place, text in _find_ended(evidence, log):
        yield certainty, place, text, text, 0
    for place, what in _find_raised(log):
        yield 66, place, f"it fails while it is imported ({what}): its traceback says why", _IMPORTED, 0
    for words, table in ((log, _LOG), (evidence.health, _HEALTH)):
        for certainty, sign, meaning in table:
            text = OF_WORKERS.get(meaning, meaning) if re.search(_GUNICORNS_OWN, evidence.log) else meaning
            for match in re.finditer(sign, words):
                what = match[1] if match.re.groups else ""
                said = _name(what) if words is log else what
                line = words.count("\n", 0, match.end()) + 1 if words is log else 0
                yield certainty, match.start(), text.format(said, site=site).replace(" ()", ""), text, line
    if evidence.passed:
        late = "it became healthy too late: raise `healthTimeout`, or see what it does at its start"
        yield 62, 0, late, late, 0
    if evidence.exit_code == 137 and not evidence.oom:
        killed = "it was killed from outside (exit code 137): see the system's own log"
        yield 25, 0, killed, killed, 0


def _name(what: str | None) -> str:
    return (what or "").replace('", line', ", line").strip().rstrip(".")


def _find_address(evidence: Evidence, log: str) -> Iterator[tuple[int, int, str]]:
    """Gunicorn listens, but not where it was asked to."""
    if match := re.search(r"Listening at: (?:https?://)?(\S+)", log):
        wanted = evidence.address.removeprefix("unix:")
        if wanted and not match[1].removeprefix("unix:").startswith(wanted):
            yield (
                92,
                match.start(),
                f"Gunicorn listens at {match[1]}, and NGINX looks for it at {wanted}: remove --bind from "
                "GUNICORN_CMD_ARGS (ENV in the Dockerfile)",
            )


def _find_ended(evidence: Evidence, log: str) -> Iterator[tuple[int, int, str]]:
    """Gunicorn makes workers forever, where the application itself ends each with sys.exit() while it is loaded."""
    if evidence.passed or re.search(r"failed to (?:boot|load)|Exception in worker process|Handling signal: ", log):
        return
    ended = [(match.start(), match[1]) for match in re.finditer(r"Worker \(pid:\d+\) exited with code (\d+)", log)]
    # One that ends with 0 is no error for Gunicorn. It may end once for another reason, never again and again.
    exits = [(match.start(), "0") for match in re.finditer(r"Worker exiting \(pid: \d+\)", log)]
    if not ended and len(exits) > 2:
        ended = exits
    if not ended:
        return
    place, code = ended[-1]
    own = [line.strip() for line in log[:place].splitlines() if line.strip() and not re.match(_GUNICORNS_OWN, line)]
    words = f"its last words are: {own[-1][:_LONGEST]}" if own else "it says nothing before; see what calls sys.exit()"
    yield 69, place, f"its worker ends by itself with code {code} while it loads the application; {words}".rstrip(".")


def _find_raised(log: str) -> Iterator[tuple[int, str]]:
    """What an application raised while it was imported, where nothing better is known of it."""
    if not re.search(_AT_IMPORT, log):
        return
    for match in re.finditer(r"(?m)^Traceback \(most recent call last\):\n(?:[ \t].*\n)+(\w[^\n]*)", log):
        if not match[1].startswith(("ImportError", "ModuleNotFoundError", "gunicorn.", "SystemExit")):
            yield match.start(1), match[1][:_LONGEST].strip().rstrip(".")


def _find_key(log: str, site: str) -> Iterator[tuple[int, int, str]]:
    """A KeyError is a missing variable where `os.environ` has raised it; else it may be one."""
    for match in re.finditer(r"KeyError: '([A-Za-z_][A-Za-z0-9_]*)'", log):
        name = match[1]
        known = "environ" in log[max(0, match.start() - 600) : match.start()]
        if not known and not name.isupper():
            continue
        sensitive = re.search(r"SECRET|TOKEN|PASSW|_KEY$|DSN|CREDENTIAL", name)
        yield (88 if known else 50), match.start(), (_SENSITIVE if sensitive else _VARIABLE).format(name, site=site)
