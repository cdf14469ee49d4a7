"""Downloads a file where there is no curl: fetch.py ADDRESS FILE. Without FILE it only asks whether it could."""

import os
import shutil
import ssl
import sys
import time
import urllib.error
import urllib.request

# Where users say which certificates count, for curl and others; Python itself looks at SSL_CERT_FILE.
BUNDLES = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
TIMEOUT = 5  # seconds until an answer begins


def trust() -> ssl.SSLContext:
    context = ssl.create_default_context()
    for name in BUNDLES:
        if os.path.isfile(bundle := os.environ.get(name, "")):
            context.load_verify_locations(bundle)
    return context


def ask(address: str, file: str | None) -> None:
    request = urllib.request.Request(address, method="GET" if file else "HEAD")
    with urllib.request.urlopen(request, timeout=TIMEOUT, context=trust()) as answer:
        if file:
            with open(file, "wb") as out:
                shutil.copyfileobj(answer, out)


def main(address: str, file: str | None = None) -> int:
    for again in range(3 if file else 1):
        time.sleep(again)
        try:
            ask(address, file)
        except (OSError, ValueError) as error:
            print(f"{address}: {error}", file=sys.stderr)
        else:
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
