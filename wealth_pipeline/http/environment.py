"""Which variable of the environment keeps a request from being sent: one of a proxy, or of trusted certificates.

requests reads them itself, and says of what is wrong with them only what it stumbled over. Here the variable is found
that it read, after a request failed. A proxy's address may hold a password: only its host and port are ever shown.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy

from wealth_pipeline.text import inline

#: In requests' order.
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
#: What is raised of an address that is not one, before anything is sent; of a ValueError no other subclass.
_MALFORMED = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    urllib3.exceptions.LocationValueError,
    urllib3.exceptions.ProxySchemeUnsupported,
)
_TLS = requests.exceptions.SSLError
_VALUE_ERRORS = (ValueError, UnicodeError, UnicodeEncodeError)


@dataclass(frozen=True)
class Fault:
    """What keeps a request from being sent. because: a clause; advice: a sentence; passing: whether it may pass."""

    because: str
    advice: str
    passing: bool = False


def fault(url: str, error: Exception, *, sent: bool = False) -> Fault | None:
    """What of the environment made a request to this address fail with this error, before it was sent; or None."""
    if sent:
        return None
    if found := _proxy(url):
        variable, proxy = found
        if isinstance(error, requests.ConnectionError | requests.Timeout) and not isinstance(error, _TLS):
            return _dead(variable, proxy, str(error))
        if isinstance(error, _MALFORMED) or type(error) in _VALUE_ERRORS:
            return _malformed(variable, proxy)
    no_file = isinstance(error, OSError) and not isinstance(error, requests.RequestException)
    return _certificates() if no_file or isinstance(error, _TLS) else None


def foreseen(url: str) -> Fault | None:
    """What of the environment would keep a request to this address from being sent; nobody is asked."""
    try:
        request = requests.Request("GET", url).prepare()
        HTTPAdapter().get_connection_with_tls_context(request, verify=True, proxies=get_environ_proxies(url))
    except (*_MALFORMED, *_VALUE_ERRORS) as error:
        return fault(url, error)
    return _certificates()


def trusted() -> str | None:
    """The variable that names the certificates which are trusted instead of the usual ones, or None."""
    return next((name for name in CERTIFICATES if os.environ.get(name)), None)


def _proxy(url: str) -> tuple[str, str] | None:
    """Who names the proxy for this address, and what it names; None where none is used."""
    try:
        proxy = select_proxy(url, get_environ_proxies(url))
    except ValueError:
        return None
    if not proxy:
        return None
    # Lower case comes before upper case, as for requests, and the scheme's own before that for all.
    keys = (f"{urlsplit(url).scheme}_proxy", "all_proxy")
    names = [name for name, value in os.environ.items() if name.lower() in keys and value == proxy]
    names.sort(key=lambda name: (keys.index(name.lower()), name not in keys, name))
    return (names or ["The system's setting"])[0], proxy


def _dead(variable: str, proxy: str, text: str) -> Fault:
    """A proxy that does not do its work. text: of the library's error, of which nothing but the status is shown."""
    named = f"{variable} names a proxy{_address(proxy)}"
    if status := re.search(r"Tunnel connection failed: (\d{3})", text):
        wants = "that wants a user name and a password" if status[1] == "407" else "that refuses"
        return Fault(f"{named} {wants} (HTTP {status[1]})", _correct(variable), passing=status[1] != "407")
    return Fault(f"{named} that does not answer", f"Start the proxy. {_correct(variable)}", passing=True)


def _malformed(variable: str, proxy: str) -> Fault:
    """A proxy's address that cannot be used."""
    scheme, separator, _ = proxy.partition("://")
    shown = scheme.lower() if separator and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{0,15}", scheme) else ""
    if shown.startswith("socks") and shown in _SCHEMES:
        return Fault(
            f"{variable} names a SOCKS proxy{_address(proxy)}, and the package PySocks is missing",
            f"Install PySocks beside wealth_pipeline, or name an http:// proxy. {_correct(variable)}",
        )
    if shown and shown not in _SCHEMES:
        return Fault(f"{variable} names a proxy of an unknown scheme ({shown})", _correct(variable))
    return Fault(f"{variable} does not hold the address of a proxy", _correct(variable))


def _certificates() -> Fault | None:
    """A file of certificates that cannot be used; None where it can, or where none is named."""
    variable = trusted()
    if variable is None:
        return None
    path = Path(os.environ[variable])
    named, advice = f"{variable} names {inline(str(path))}", _correct(variable)
    if not path.exists():
        return Fault(f"{named}, which is not there", advice)
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(*((None, str(path)) if path.is_dir() else (str(path), None)))
    except ssl.SSLError:
        return Fault(f"{named}, which holds no certificates", advice)
    except OSError as error:
        return Fault(f"{named}, which cannot be read ({error.strerror})", advice)
    return None


def _correct(variable: str) -> str:
    return f"Correct {variable} or unset it, in .env, the shell or the service"


def _address(proxy: str) -> str:
    """The proxy's host and port in brackets; nothing where a part of a password might be taken for them."""
    try:
        address = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = address.hostname, address.port
    except ValueError:
        return ""
    if not host or "@" in address.path + address.query + address.fragment:
        return ""
    return f" ({inline(host)}{f':{port}' if port else ''})"
