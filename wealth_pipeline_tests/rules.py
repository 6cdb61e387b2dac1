"""The rules of the house that a syntax tree shows (docs/architecture.md). Each function returns what breaks its rule.

They take the files of a package as texts, by their path below it, so that a test can seed a violation of each.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

#: A file's text, by its path below the package: "flex/client.py".
Files = Mapping[str, str]

LONGEST_FUNCTION, LONGEST_FILE, LARGEST_ROOM, MOST_MODULES = 40, 300, 2500, 8
#: Rooms of declarations, whose files may be long; and rooms that may be large.
DECLARATIONS, LARGE_ROOMS = {"tables"}, {"defs", "sandbox", "warehouse"}
#: The modules that speak HTTP.
HTTP_CLIENTS = {"requests", "urllib3", "urllib.request", "http.client", "httpx", "aiohttp"}
ZONE = "America/New_York"


def package(folder: Path) -> dict[str, str]:
    """The Python files below a folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.py"))}


def room(path: str) -> str:
    """The folder a file stands in; a module beside the folders is a room of its own."""
    return path.partition("/")[0].removesuffix(".py")


def code_in_an_init(files: Files) -> set[str]:
    """`__init__.py` has a docstring, and nothing else."""
    bodies = {path: ast.parse(text).body for path, text in files.items() if path.endswith("__init__.py")}
    return {path for path, body in bodies.items() if len(body) > 1 or (body and not _is_docstring(body[0]))}


def long_functions(files: Files) -> set[str]:
    """A function has at most LONGEST_FUNCTION lines, from its `def` to its end."""
    return {
        f"{path}::{name}"
        for path, text in files.items()
        for name, node in _functions(ast.parse(text))
        if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    }


def long_files(files: Files) -> set[str]:
    """A file has at most LONGEST_FILE lines, unless it is one of declarations."""
    return {
        path for path, text in files.items() if len(text.splitlines()) > LONGEST_FILE and room(path) not in DECLARATIONS
    }


def large_rooms(files: Files) -> set[str]:
    """A room has at most LARGEST_ROOM lines of Python."""
    lines = Counter[str]()
    for path, text in files.items():
        lines[room(path)] += len(text.splitlines())
    return {name for name, count in lines.items() if count > LARGEST_ROOM} - LARGE_ROOMS


def modules_beside_the_rooms(files: Files) -> set[str]:
    """At most MOST_MODULES modules stand beside the folders: all of them, if they are more."""
    beside = {path for path in files if "/" not in path and path != "__init__.py"}
    return beside if len(beside) > MOST_MODULES else set()


def http_outside_its_room(files: Files) -> set[str]:
    """Only http/ imports a library that speaks HTTP; in the sandbox nothing does."""
    return {
        path
        for path, text in files.items()
        if room(path) != "http" and any(_is_or_below(name, HTTP_CLIENTS) for name in _imports(ast.parse(text)))
    }


def renames_outside_files(files: Files) -> set[str]:
    """Only files/ renames, replaces or syncs a file: what is written is there whole or not at all."""
    return {
        path
        for path, text in files.items()
        if room(path) != "files"
        and any(_renames(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    }


def private_dagster(files: Files) -> set[str]:
    """Only defs/_private.py names a module of Dagster's that begins with an underscore."""
    return {path for path, text in files.items() if "dagster._" in text and path != "defs/_private.py"}


def zones(files: Files) -> set[str]:
    """New York's time zone is named in calendar.py, and in the sandbox's own days.py."""
    return {
        path
        for path, text in files.items()
        if path not in ("calendar.py", "sandbox/household/days.py")
        and any(isinstance(node, ast.Constant) and node.value == ZONE for node in ast.walk(ast.parse(text)))
    }


def texts_of_any_encoding(files: Files) -> set[str]:
    """Whatever reads or writes a text file says that it is UTF-8: without that, the locale decides."""
    return {
        path
        for path, text in files.items()
        if any(
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in ("read_text", "write_text")
            and not any(keyword.arg == "encoding" for keyword in call.keywords)
            for call in ast.walk(ast.parse(text))
        )
    }


def sleeps(files: Files) -> set[str]:
    """No test sleeps: it waits for what must happen, in a function that polls."""
    return {
        f"{path}::{name}"
        for path, text in files.items()
        for name, node in _functions(ast.parse(text))
        if any(isinstance(call, ast.Call) and ast.unparse(call.func) == "time.sleep" for call in _own(node))
    } | {path for path, text in files.items() if "time.sleep" in _imports(ast.parse(text))}


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, _Function]]:
    """Every function below a node, by its name with those around it: `Client.send`."""
    for node in ast.iter_child_nodes(tree):
        name = prefix
        if isinstance(node, _Function | ast.ClassDef):
            name = f"{prefix}{node.name}"
            if isinstance(node, _Function):
                yield name, node
            name += "."
        yield from _functions(node, name)


def _own(function: _Function) -> Iterator[ast.AST]:
    """What stands in a function, without the functions inside it."""
    todo: list[ast.AST] = list(ast.iter_child_nodes(function))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _Function):
            todo.extend(ast.iter_child_nodes(node))


def _imports(tree: ast.AST) -> Iterator[str]:
    """The absolute names that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_or_below(name: str, modules: set[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _renames(call: ast.Call) -> bool:
    """Whether this renames or syncs a file. A text's `replace` takes two texts, that of a date takes names."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="os" | "shutil"), attr=name):
            return name in ("rename", "renames", "replace", "fsync", "fdatasync", "move")
        case ast.Attribute(attr="rename" | "replace"):
            return len(call.args) == 1 and not call.keywords
    return False
