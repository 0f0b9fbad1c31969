"""A certificate for a server on this machine."""

import subprocess
from pathlib import Path

from tests.servers.installing import program


def self_signed(certificate: Path) -> Path:
    """Write a certificate for 127.0.0.1 that vouches for itself, and return the file with its key, beside it.

    Raises:
        Missing: OpenSSL is not installed.
    """
    key = certificate.with_suffix(".key")
    openssl = program("openssl", package="openssl")
    made = ["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *made, *names, *files], capture_output=True, check=True)
    return key
