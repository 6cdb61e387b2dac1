"""Processes as the system sees them: which are below another one, whether they live, and where they listen."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from contextlib import suppress
from pathlib import Path

#: In /proc/net: a TCP socket that listens, and the flag of a Unix socket that accepts connections.
_LISTEN, _ACCEPTS = "0A", 0x10000


def below(pid: int) -> dict[int, str]:
    """This process and all below it, whatever their sessions and groups: the numbers and the command lines."""
    # -ww: readline, once imported, leaves COLUMNS=80 in the environment, by which ps cuts the command lines.
    table = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [(int(row[0]), int(row[1]), row[2]) for row in (line.split(None, 2) for line in table.splitlines())]
    found: dict[int, str] = {}
    level = {number: words for number, _, words in rows if number == pid}
    while level:
        found |= level
        level = {number: words for number, parent, words in rows if parent in level and number not in found}
    return found


def alive(pid: int) -> bool:
    """Whether there is such a process that has not ended (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def listening(pid: int) -> tuple[set[str], set[Path]]:
    """Where this process and those below it listen: addresses such as 127.0.0.1:3000, and Unix sockets (Linux)."""
    inodes = set()
    for process in below(pid):
        with suppress(OSError):
            for descriptor in Path(f"/proc/{process}/fd").iterdir():
                inodes |= set(re.findall(r"socket:\[(\d+)\]", str(descriptor.readlink())))
    addresses = set()
    for table in ("tcp", "tcp6"):
        for row in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = row.split()[:10]
            if state == _LISTEN and inode in inodes:
                host, port = local.split(":")
                addresses.add(f"{'.'.join(str(byte) for byte in reversed(bytes.fromhex(host)))}:{int(port, 16)}")
    sockets = [row.split() for row in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return addresses, {Path(s[7]) for s in sockets if int(s[3], 16) & _ACCEPTS and s[6] in inodes}


def documented(*, configured: bool) -> Counter[str]:
    """How many TCP ports `wealth dev` has on which address, by the table “What listens” of docs/security.md.

    configured: on a user's own data, not on the sandbox.
    """
    page = (Path(__file__).parent.parent / "docs" / "security.md").read_text()
    table = page.partition("## What listens\n")[2].partition("\n## ")[0]
    found: Counter[str] = Counter()
    for what, where in re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE):
        if "`wealth dev`" in what and not (configured and "without credentials" in what):
            found[where.partition(",")[0]] += 2 if "two services" in what else 1
    return found
