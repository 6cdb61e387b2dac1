"""The `wealth` command: the group of all commands.

To add a command, write a function with `@click.command()` in a module of `cli/commands/`: it is registered here, and
`make docs` writes it into docs/commands.md. Everything heavy is imported inside the commands: `wealth --help` and
`wealth sql` must start at once.
"""

from __future__ import annotations

import os
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import click

from wealth_pipeline.cli import commands
from wealth_pipeline.cli.stopping import stoppable
from wealth_pipeline.cli.streams import print_anything
from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.private import owner_only
from wealth_pipeline.settings import UI_PASSWORD


class _Sentences(click.Group):
    """A group whose commands end with a sentence, not a traceback, when a WealthError is raised or they are stopped."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        print_anything()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with stoppable(ctx):
            try:
                return super().invoke(ctx)
            except WealthError as error:
                raise click.ClickException(str(error)) from None


@click.group(cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wealth-pipeline", message="wealth_pipeline %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Keep your Interactive Brokers wealth in DuckDB: every statement, every digit, every day.

    Try it without an account: `wealth demo`. With one: put IBKR_FLEX_TOKEN and IBKR_FLEX_QUERY_ID into .env, then
    `wealth pull` and `wealth status`. `wealth dev` opens the Dagster UI, where the schedule is switched on.
    """
    # Out of the environment first thing: only the webserver gets it back.
    context.meta[UI_PASSWORD] = os.environ.pop(UI_PASSWORD, None)
    context.obj = owner_only()
    context.call_on_close(lambda: os.umask(context.obj))


def register(group: click.Group, package: ModuleType) -> None:
    """Add every command that stands in a module of `package`, in the list with its whole first paragraph.

    click itself would cut that to a line.
    """
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        for found in vars(import_module(module.name)).values():
            if isinstance(found, click.Command):
                found.short_help = " ".join(cleandoc(found.help or "").split("\n\n")[0].split())
                group.add_command(found)


register(main, commands)


if __name__ == "__main__":
    main()
