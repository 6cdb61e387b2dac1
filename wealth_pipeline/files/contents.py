"""What lies in an archive's folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from wealth_pipeline.files.whole import INCOMING

#: Files of ours that are being written.
_HIDDEN = (INCOMING, ".download-")


def contents(folder: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[Path, bool]]:
    """Everything that lies in an archive's folder, and whether it belongs there.

    What does is a regular file `ab/abcd....suffix`, named by the 64 hexadecimal digits of a sha256. Foreign are
    `._abcd....json`, a "conflicted copy", and whatever else a system or a synchronisation leaves.
    """
    if not folder.is_dir():
        return
    for place in os.scandir(folder):
        if place.name.startswith(_HIDDEN):
            continue
        if not (re.fullmatch(r"[0-9a-f]{2}", place.name) and place.is_dir()):
            yield Path(place.path), False
            continue
        for file in os.scandir(place):
            if not file.name.startswith(_HIDDEN):
                sha256, dot, suffix = file.name.partition(".")
                named = re.fullmatch(rf"{place.name}[0-9a-f]{{62}}", sha256) and dot + suffix in suffixes
                yield Path(file.path), bool(named and file.is_file())
