"""What the commands write to, whatever the terminal's encoding is: no character makes them fail."""

from __future__ import annotations

import codecs
import sys
from encodings import ascii as ascii_codec
from io import TextIOWrapper

#: ASCII under another name: click takes ASCII for a mistake of the system's, and would write UTF-8 instead.
_ONLY_ASCII = "only_ascii"


def print_anything() -> None:
    """Have the standard streams show a character that their encoding lacks by its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ONLY_ASCII if is_ascii else None, errors="backslashreplace")


def _only_ascii(name: str) -> codecs.CodecInfo | None:
    if name != _ONLY_ASCII:
        return None
    entry = ascii_codec.getregentry()
    return codecs.CodecInfo(
        entry.encode,
        entry.decode,
        streamreader=entry.streamreader,
        streamwriter=entry.streamwriter,
        incrementalencoder=entry.incrementalencoder,
        incrementaldecoder=entry.incrementaldecoder,
        name=_ONLY_ASCII,
    )


codecs.register(_only_ascii)
