"""Which gateway may be asked, and how it proves that it is the one.

The gateway is logged in to the account: whoever stands between it and us could read along. So it is asked on this
machine only, encrypted, unless the settings say otherwise; and one elsewhere must prove its identity in any case.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from wealth_pipeline.files.regular import read_regular
from wealth_pipeline.gateway.errors import NotAllowed

API = "/v1/api"


@dataclass(frozen=True)
class GatewayAddress:
    """Where the gateway is and what is expected of it.

    Attributes:
        url: such as https://localhost:5000; the path /v1/api may be left out.
        certificate: pins the gateway's certificate: a PEM or DER file, or its SHA-256 fingerprint in hexadecimal
            (with or without colons). None: a self-signed one is accepted on this machine, and nowhere else.
        allow_remote: whether it may be on another machine, with a pinned or a publicly verified certificate.
        allow_http: whether it may be asked without encryption (conf.yaml: `listenSsl: false`), on this machine.

    Raises:
        NotAllowed: with the sentence that says what is wrong with the address.

    """

    url: str
    certificate: str | None = None
    allow_remote: bool = False
    allow_http: bool = False

    def __post_init__(self) -> None:
        try:
            address = urlsplit(self.url)
            host, _ = address.hostname, address.port
        except ValueError:
            host = None
        if host is None or address.scheme not in ("https", "http"):
            raise NotAllowed(
                f"The gateway's address {self.url!r} is not one",
                "Write it like https://localhost:5000.",
            )
        if address.username is not None or address.password is not None or address.query or address.fragment:
            # Not shown: somebody may have put a password there.
            raise NotAllowed(
                "The gateway's address holds more than a host and a port",
                "No user name and no password belongs here: you log in at the gateway itself, in the browser.",
            )
        if address.path.rstrip("/") not in ("", API, "/v1/portal"):
            raise NotAllowed(
                f"The gateway's address has the path {address.path!r}", "Write it like https://localhost:5000."
            )
        if address.scheme == "http" and not (self.allow_http and self.is_local):
            raise NotAllowed(
                "The gateway's address is not https, so the connection would not be encrypted",
                "Keep `listenSsl: true` in conf.yaml and use https; on this machine alone plain HTTP can be allowed"
                " by IBKR_GATEWAY_ALLOW_HTTP=true.",
            )
        if not self.is_local and not self.allow_remote:
            raise NotAllowed(
                f"The gateway's address names another machine ({host})",
                "Use the gateway on this machine, https://localhost:5000; if it really has to be elsewhere, set"
                " IBKR_GATEWAY_ALLOW_REMOTE=true and pin its certificate.",
            )

    @property
    def host(self) -> str:
        """The host's name or address."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether it is this machine's loopback: `localhost`, 127.0.0.0/8 or ::1, and no other name."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def base(self) -> str:
        """The address below which the API's paths are."""
        address = urlsplit(self.url)
        return f"{address.scheme}://{address.netloc}{address.path.rstrip('/') or API}"

    @property
    def login(self) -> str:
        """What to open in the browser to log in."""
        address = urlsplit(self.url)
        return f"{address.scheme}://{address.netloc}"

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the pinned certificate, 64 hexadecimal digits; raises NotAllowed if the setting holds none."""
        if not self.certificate:
            return None
        digits = re.sub(r"^sha256[:=]|[:\s]", "", self.certificate.lower())
        if re.fullmatch(r"[0-9a-f]{64}", digits):
            return digits
        try:
            content = read_regular(Path(self.certificate).expanduser())
            der = ssl.PEM_cert_to_DER_cert(_first_certificate(content)) if b"-----BEGIN" in content else content
        except (OSError, ValueError):
            der = b""
        # A certificate in DER is a sequence: without this a text file would be "pinned" and refuse every gateway.
        if der[:1] != b"\x30":
            raise NotAllowed(
                "IBKR_GATEWAY_CERTIFICATE is neither a readable certificate file nor a SHA-256 fingerprint",
                "Give the file's path or the 64 hexadecimal digits; docs/gateway.md shows how to get them.",
            )
        return hashlib.sha256(der).hexdigest()

    @property
    def unproved(self) -> bool:
        """Whether the gateway's self-signed certificate is taken as it comes."""
        return self.is_local and not self.certificate and self.url.startswith("https")


def _first_certificate(content: bytes) -> str:
    found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", content.decode("ascii"), re.DOTALL)
    if not found:
        raise ValueError("no certificate in the file")
    return found[0]
