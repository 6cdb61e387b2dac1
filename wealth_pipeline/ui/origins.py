"""Which pages may stand behind a request: origins (scheme, host and port), by the Host that the request names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from wealth_pipeline.settings import DEFAULT_PORTS, complete_origin

#: The names by which a browser on this machine reaches what listens on loopback.
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def by_host(port: int, others: Iterable[str]) -> dict[str, frozenset[str]]:
    """The values of the header Host that are accepted, each with the origins of the pages that may stand behind it.

    port: where the UI listens on loopback. others: complete origins; raises SettingsError for what is not one.
    """
    found: dict[str, set[str]] = {}
    for origin in [*(f"http://{host}:{port}" for host in _LOCAL_HOSTS), *others]:
        origin = complete_origin(origin)
        scheme, _, host = origin.partition("://")
        hosts = {host}
        if not re.search(r":\d+$", host):  # browsers leave a default port out, other clients may state it
            hosts.add(f"{host}:{DEFAULT_PORTS[scheme]}")
        for name in hosts:
            found.setdefault(name, set()).add(origin)
    return {host: frozenset(origins) for host, origins in found.items()}
