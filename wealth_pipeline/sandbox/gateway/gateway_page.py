"""The gateway's page in the browser, on which a person logs in and out."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

#: Path below /sandbox/ and text of each button.
_BUTTONS = {
    "log-in": "Log in",
    "log-out": "Log out",
    "compete": "Log in to TWS with the same user",
}


def login_page(session: str) -> Response:
    """The page; `session` is the state to be shown."""
    buttons = "".join(
        f'<form method="post" action="/sandbox/{action}"><button>{text}</button></form>'
        for action, text in _BUTTONS.items()
    )
    return HTMLResponse(
        "<title>Sandbox gateway</title><h1>Sandbox of the Client Portal Gateway</h1>"
        "<p>No user name, no password, nothing real. The session: "
        f"<b>{session.replace('_', ' ')}</b>.</p>{buttons}"
    )
