"""Why an image could not be built: a table from the build's own words to a cause. Pure text."""

import re

# A base image, in the words of BuildKit and of the builder before it: `image` is the one that the Dockerfile names.
_IMAGE = r"(?:failed to resolve source metadata for (?P<image>[^\s\"]+?): |Get \"https?://[^\"]+/v2/)"

# Packages of Debian, by a header that those bring whose lack is met most; the last one is any other.
_HEADERS = {
    r"Python\.h": "python3-dev",
    r"ffi\.h": "libffi-dev",
    r"libpq-fe\.h": "libpq-dev",
    r"mysql\S*\.h": "default-libmysqlclient-dev",
    r"openssl/\S+": "libssl-dev",
    r"libxml/\S+": "libxml2-dev and libxslt1-dev",
    r"(?:ldap|lber)\.h": "libldap2-dev",
    r"sasl/\S+": "libsasl2-dev",
    r"jpeglib\.h": "libjpeg-dev",
    r"zlib\.h": "zlib1g-dev",
    r"(?:stdio|limits|stdlib|string)\.h": "libc6-dev",
    r"\S+": "the package of Debian that has it",
}

_CAUSES = (
    # A registry that cannot be reached says much the same as a package index.
    (
        r"pull access denied for (\S+?),|failed to resolve source metadata for ([^\s\"]+?): [^\n]*"
        r"(?:pull access denied|authorization failed|unauthorized)",
        "the registry refuses access to the image {0}: see its name, and `docker login` where it is a private one",
    ),
    (
        rf"{_IMAGE}[^\n]*(?:certificate signed by unknown authority|failed to verify certificate|x509:)",
        "the registry of the base image shows a certificate that Docker does not trust: add its authority to "
        "Docker's engine (/etc/docker/certs.d)",
    ),
    (
        rf"{_IMAGE}[^\n]*(?:dial tcp|no such host|i/o timeout|TLS handshake timeout|connection re|EOF|toomanyrequests"
        r"|Too Many Requests|Client\.Timeout|deadline exceeded|proxyconnect)",
        "Docker does not get the base image from its registry: see the network of Docker's engine, try again later, "
        "or write an image that is on the engine already",
    ),
    (
        r"failed to resolve source metadata for ([^\s\"]+?): [^\n]*not found|manifest for (\S+) not found"
        r"|manifest unknown",
        "the registry has no image {0}: see its name and tag in `pythonImage` or in the Dockerfile of {site}",
    ),
    # First what hides behind others: pip that reaches no index says that it finds no package.
    (
        r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError|server certificate verification",
        "the package index shows a certificate that the build does not trust: set `caBundle` or PORTICO_CA_BUNDLE",
    ),
    (
        r"401 Client Error|403 Client Error|HTTP error 40[13]|User for \S+:",
        "the package index requires a login: set the secret that its address names, and write it in "
        "`buildSecrets` of {site}",
    ),
    (
        r"name resolution|Name or service not known|Network is unreachable|Connection refused|ReadTimeoutError"
        r"|Max retries exceeded|Temporary failure resolving|Could not resolve host",
        "the build does not reach the package index: see PIP_INDEX_URL where `pulumi up` runs",
    ),
    (
        r"E: Unable to locate package (\S+)",
        "Debian has no package {0}: see `packages` and `buildPackages` of {site}, and the Debian of its image",
    ),
    (
        r"Cannot find command 'git'|git: (?:command )?not found|executable file not found[^\n]*git",
        "a requirement is fetched by Git, and the image has none: let the Dockerfile of {site} install git first",
    ),
    (
        r"Multiple top-level (?:packages|modules) discovered in a flat-layout",
        "the project of {site} does not say which of its folders are packages: write [tool.setuptools] packages in its "
        "pyproject.toml, or, if it is not a package, remove [build-system]",
    ),
    (
        r"requires a different Python: (\S+ not in '[^'\n]+')",
        "a package needs another Python ({0}): write `pythonImage` of {site}",
    ),
    (
        r"No matching distribution found for (\S+)",
        "pip finds no {0}: see its name and version in the requirements of {site}, and that it has a file for the "
        "Python of `pythonImage`",
    ),
    (r"(Invalid requirement: .+)", "pip cannot read the requirements of {site}: {0}"),
    (
        r"ResolutionImpossible|conflicting dependencies",
        "the requirements of {site} contradict one another: pip's lines below say which",
    ),
    (r"THESE PACKAGES DO NOT MATCH THE HASHES", "a package is not the one whose hash the requirements of {site} name"),
    *(
        (
            rf"fatal error: ({header}): No such file",
            "a package is compiled, and the image lacks {0}: write "
            f"{package} in `buildPackages` of {{site}}, or ask for a version that comes as a wheel",
        )
        for header, package in _HEADERS.items()
    ),
    (
        r"(?:No such file or directory|command not found|unable to execute)[^\n]*'?(gcc|cc|g\+\+|cargo|pg_config)\b"
        r"|error: command '(\S+)' failed: No such file",
        "a package has to be compiled ({0}), and the image has no compiler: ask for a version that comes as a wheel, "
        "or write what compiles it in `buildPackages` of {site}, such as gcc, libc6-dev and libpq-dev",
    ),
    (
        r"error: command '(\S+)' failed with exit",
        "a package does not compile here ({0}): its first error is in the log; ask for a version that comes as a "
        "wheel, or write a `pythonImage` of {site} that the package knows",
    ),
    (
        r"exec format error",
        "the image is for another kind of processor than Docker has: let it emulate that one "
        "(docker run --privileged --rm tonistiigi/binfmt --install arm64, or amd64), or write the other at "
        "`ecs.architecture`",
    ),
    (r"no space left on device", "the disk of the Docker engine is full: `docker system df` shows what uses it"),
    (
        r'"?/?([^\s"]+)"?: not found|COPY failed: .*?([^\s/]+): no such file',
        "the Dockerfile names {0}, which is not in the source of {site}, or which .dockerignore keeps out",
    ),
)


def find_build_cause(site: str, output: str) -> str | None:
    """The likely cause that a build's `output` tells, with what to do; None where it tells none that is known."""
    if re.search(r"from versions: (?!none)", output):
        # The index was reached in the end: what pip tried again before is of no interest.
        output = re.sub(r"(?m)^.*Retrying \(Retry.*$", "", output)
    for sign, text in _CAUSES:
        if match := re.search(sign, output):
            what = next((group for group in match.groups() if group), "") if match.groups() else ""
            return text.format(what, site=site)
    return None
