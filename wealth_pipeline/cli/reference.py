"""The pages that follow from the declarations: docs/settings.md's table, .env.example, docs/commands.md.

`make docs` writes them, a test compares.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from wealth_pipeline.kinds import Setting
from wealth_pipeline.settings import Settings

#: Of a line in .env.example.
_WIDTH = 120
#: What in docs/settings.md is replaced: the table, whatever stands around it.
_TABLE = re.compile(r"^\| setting \|.*?(?=^$)", re.MULTILINE | re.DOTALL)

_ENV_HEAD = """\
# Copy this file to .env and fill in the first two lines. .env is read from the working directory, wins over the
# shell's variables, and is never committed. Everything below them has a default.
"""
_ENV_TAIL = """\
# More than one IBKR login: name them in connections.toml in the same folder, and put each token here.
#   [[connection]]
#   name = "anna"
#   query_id = "123456"
#   token_env = "ANNA_FLEX_TOKEN"
#   token_made = 2026-01-15
#ANNA_FLEX_TOKEN=
"""
_COMMANDS_HEAD = """\
# Commands

Every command of `wealth`, made from its own help: `wealth --help` lists them, and with `--help` behind it a command
shows what stands here.

The shell completes commands and options at the Tab key, once its start-up file (`~/.bashrc`, `~/.zshrc`,
`~/.config/fish/config.fish`) has the line for it, and finds `wealth` on its path:

```bash
eval "$(_WEALTH_COMPLETE=bash_source wealth)"       # bash, 4.4 or newer
eval "$(_WEALTH_COMPLETE=zsh_source wealth)"        # zsh
env _WEALTH_COMPLETE=fish_source wealth | source    # fish
```
"""


def settings_table(settings: Sequence[Setting[Any]]) -> str:
    """The table of docs/settings.md."""
    rows = [f"| `{one.name}` | {_default(one)} | {one.what} |\n" for one in settings]
    return "".join(["| setting | default | what |\n|---|---|---|\n", *rows])


def dotenv_example(settings: Sequence[Setting[Any]]) -> str:
    """.env.example: what everybody fills in, and all else as a comment with its default or an example."""
    lines = [_dotenv_lines(one) for one in settings]
    return "\n".join([_ENV_HEAD, *lines, _ENV_TAIL])


def commands_page(group: click.Group) -> str:
    """docs/commands.md: each command with its arguments, its description and its options."""
    return "\n".join([_COMMANDS_HEAD, *(_command(name, group.commands[name]) for name in sorted(group.commands))])


def _default(one: Setting[Any]) -> str:
    if one.first:
        return ""
    return (one.unset or one.written or "none") + (f" ({one.kind.bounds})" if one.kind.bounds else "")


def _dotenv_lines(one: Setting[Any]) -> str:
    # A link to another page by the page's path, one to an address by both.
    text = re.sub(r"\[[^]]+\]\(([\w-]+\.md)[^)]*\)", r"docs/\1", one.what)
    text = re.sub(r"\[([^]]+)\]\((https?:[^)]+)\)", r"\1, \2", text).replace("`", "")
    default = f" Default: {one.unset.replace('`', '')}." if one.unset else ""
    bounds = f" From {one.kind.bounds}." if one.kind.bounds else ""
    comment = f"{text[0].upper()}{text[1:]}.{bounds}{default}"
    lines = textwrap.wrap(comment, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    return "\n".join([*lines, f"{'' if one.first else '#'}{one.name}={one.example or one.written}\n"])


def _command(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    arguments = [word for word in command.collect_usage_pieces(context) if word != "[OPTIONS]"]
    records = [one.get_help_record(context) for one in command.params if isinstance(one, click.Option)]
    options = "".join(f"* `{record[0]}`: {record[1]}\n" for record in records if record)
    paragraphs = [_paragraph(part) for part in cleandoc(command.help or "").split("\n\n")]
    blocks = [f"## {' '.join(['wealth', name, *arguments])}\n", *(f"{part}\n" for part in paragraphs), options]
    return "\n".join(block for block in blocks if block)


def _paragraph(text: str) -> str:
    """A paragraph in one line; one whose lines click leaves as they are, as commands."""
    lines = text.split("\n")
    return "\n".join(["```bash", *lines[1:], "```"]) if lines[0] == "\b" else " ".join(text.split())


def pages(folder: Path) -> dict[Path, str]:
    """Each page with the text that it should have; `folder` is the repository's."""
    from wealth_pipeline.cli.main import main

    settings = Settings.declared()
    page = folder / "docs" / "settings.md"
    return {
        page: _TABLE.sub(lambda _: settings_table(settings), page.read_text(encoding="utf-8")),
        folder / ".env.example": dotenv_example(settings),
        folder / "docs" / "commands.md": commands_page(main),
    }


if __name__ == "__main__":
    for path, text in pages(Path.cwd()).items():
        path.write_text(text, encoding="utf-8")
