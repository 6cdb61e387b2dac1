"""Runs the sandbox gateway on loopback over HTTPS, with a self-signed certificate made when it starts."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wealth_pipeline.sandbox.flex_service import new_york_now
from wealth_pipeline.sandbox.gateway import GatewayService
from wealth_pipeline.sandbox.host import LocalOnly
from wealth_pipeline.sandbox.household import DEFAULT_FIRST_DAY, DEFAULT_SEED
from wealth_pipeline.sandbox.server import _PATIENCE, HOST, _Server


class SandboxGateway:
    """A local Client Portal Gateway, running while its `with` block runs.

    Args:
        port: where to listen on 127.0.0.1; 0 for any free port.
        now: the present, aware.
        clock: seconds that only grow, for the rate limits.
        rate_limits: keep IBKR's limits and the penalty box.
        logged_in: whether somebody is logged in at the start; else open `gateway_url` in a browser.
        seed: of the household.
        first_day: of the household.
        positions: so many positions at least in the first account.

    Attributes:
        service: the gateway, with its `requests`, its session and its faults.
        certificate: the PEM file of its certificate, while it runs.

    Raises:
        OSError: on entering, when the port is taken.

    """

    def __init__(
        self,
        port: int = 0,
        *,
        now: Callable[[], datetime] = new_york_now,
        clock: Callable[[], float] = time.monotonic,
        rate_limits: bool = True,
        logged_in: bool = True,
        seed: int = DEFAULT_SEED,
        first_day: date = DEFAULT_FIRST_DAY,
        positions: int = 0,
    ) -> None:
        self.service = GatewayService(
            now=now,
            clock=clock,
            rate_limits=rate_limits,
            logged_in=logged_in,
            seed=seed,
            first_day=first_day,
            positions=positions,
        )
        self.port = port
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-gateway-")
        self.certificate = Path(self._folder.name) / "certificate.pem"
        self._key = self.certificate.with_name("key.pem")
        self._server: _Server | None = None

    @property
    def gateway_url(self) -> str:
        """The gateway's address: to be configured, and to be opened in a browser to log in."""
        return f"https://localhost:{self.port}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate, 64 hexadecimal digits."""
        certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()

    def __enter__(self) -> Self:
        _make_certificate(self.certificate, self._key)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Listen, again on the same port and with the same certificate after `stop`."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, self.port))
        except OSError:
            self._socket.close()
            raise
        self.port = self._socket.getsockname()[1]
        self.service.stopping = False
        self._server = _Server(
            uvicorn.Config(
                LocalOnly(self.service, self.port, default_port=443),
                http="h11",
                ws="none",
                lifespan="off",
                access_log=False,
                log_level="critical",
                timeout_graceful_shutdown=1,
                ssl_certfile=self.certificate,
                ssl_keyfile=self._key,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="sandbox-gateway", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(timeout=_PATIENCE):
            raise RuntimeError(f"the sandbox gateway did not start on {HOST}:{self.port}")

    def stop(self) -> None:
        """Stop listening: the gateway isn't running. Its session is gone, as after a real restart."""
        if self._server is None:
            return
        self.service.stopping = True
        self._server.stop()
        self._thread.join(timeout=_PATIENCE)
        self._socket.close()
        self._server = None
        self.service.log_out()


def _make_certificate(certificate: Path, key: Path) -> None:
    """Write a self-signed certificate for localhost and its private key (mode 0600), valid for a year."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox gateway")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.touch(mode=0o600)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
