"""Where in the UI something is to be seen."""

from __future__ import annotations

from wealth_pipeline.settings import Settings
from wealth_pipeline.ui.serving import HOST


def address(port: int) -> str:
    """The UI's address on this machine."""
    return f"http://{HOST}:{port}"


def nav_pages(settings: Settings, port: int) -> list[str]:
    """The pages that show the NAV: nav_history of each connection; with the gateway alone, the live one."""
    keys = [connection.key("nav_history") for connection in settings.connections]
    if not keys:
        keys = [["live_nav"] if settings.gateway_url else ["nav_history"]]
    return [f"{address(port)}/assets/{'/'.join(key)}" for key in keys]
