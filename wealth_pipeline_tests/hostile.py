"""Text that would take effect if it could, and what tells whether it did, one function a medium."""

from __future__ import annotations

import re
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.token import Token

#: What each medium would act on: images, links, HTML, tables, headings, lists, escapes, marks, formulas.
TEXTS = (
    "![x](http://127.0.0.1:9/x.png)",
    "<img src=http://127.0.0.1:9/x.png>",
    "<script>alert(1)</script>",
    "<!-- x --><br>",
    "[a](javascript:alert(1))",
    "[a](//evil.example/x)",
    "[a]: http://evil.example",
    "[^1]",
    "<http://evil.example>",
    "http://evil.example/a?b=c",
    "HTTPS://evil.example",
    "(www.evil.example)",
    "_www.evil.example_",
    "who@evil.example",
    "mailto:who@evil.example",
    "a|b",
    r"a\|b",
    "`code`",
    "```",
    "~~gone~~",
    "**bold** _it_ __under__",
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "1) item",
    "---",
    "===",
    "> quoted",
    "    code",
    "&#124; &lt;img src=x&gt; &copy;",
    r"back\slash \* \[x\](y)",
    "a\nb\r\nc\td",
    "a\u2028b\u0085c",
    "\x1b[31mred\x1b[0m\x07\x08",
    "\x9b31m",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "abc\u202edcba\u2066x\u200f\u061c",
    "zero\u200bwidth\u2060\ufeff\u00ad",
    "\u05d0\u05d1 123",
    "blank\u3164\u2800\ufe0f\u034f",
    "=1+1",
    "+1+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    " =1",
    "'=1",
    '"=1',
    "＝1+1",
    "a,b;c",
    "\ud800",
    "long " * 1000,
)
#: The same, as far as XML can say it.
IN_XML = tuple(text for text in TEXTS if not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", text))

#: How remark-gfm, which Dagster's UI renders Markdown with, finds addresses in text, escaped or not.
_AUTOLINKS = re.compile(
    r"(https?://|www(?=\.))[-.\w]+|(?:^|[^\w.+-])[-.\w+]+@[-\w]+(?:\.[-\w]+)+", re.IGNORECASE | re.ASCII
)
_MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
#: So that it makes links of javascript:, and images of the charts.
_MARKDOWN.validateLink = lambda _: True  # type: ignore[method-assign]
#: What a table of ours may consist of, and its paragraphs.
_HARMLESS = {"paragraph", "inline", "text", "text_special", "table", "thead", "tbody", "tr", "th", "td"}


def effects_as_plain_text(text: str) -> list[str]:
    """What takes effect where text is shown as it is: Dagster's labels, cells and logs, a terminal, an alert."""
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn")] + [
        c for c in text if unicodedata.bidirectional(c) in ("R", "AL", "AN") or c in "\u3164\u2800\ufe0f\u034f"
    ]


def effects_in_csv(cell: str) -> list[str]:
    """What takes effect where a spreadsheet reads a cell: a formula, or a character; a tab does not."""
    begins = re.match(r'[\t\r\n]|[\s"]*[=+@＝＋－＠﹦﹢﹣﹫-]', cell)
    formula = begins and not re.fullmatch(r"[+-]?[0-9.]+(e-?[0-9]+)?", cell)
    return ["formula"] * bool(formula) + effects_as_plain_text(cell.replace("\t", ""))


def links(text: str) -> list[str]:
    """The addresses of which Dagster's run log, or remark-gfm, would make links."""
    return [found[0] for found in _AUTOLINKS.finditer(text)]


def effects_as_markdown(text: str, images: int = 0) -> list[str]:
    """What takes effect where text is rendered as Markdown, apart from tables and that many images of ours."""
    tokens = _all(_MARKDOWN.parse(text))
    kinds = [re.sub("_(open|close)$", "", token.type) for token in tokens]
    shown = "".join(token.content for token in tokens if token.type in ("text", "text_special"))
    pictures = [t.attrs["src"] for t in tokens if t.type == "image"]
    strange = [kind for kind in kinds if kind not in _HARMLESS | {"image"}]
    strange += [str(picture) for picture in pictures if not str(picture).startswith("data:image/svg+xml;base64,")]
    return strange + links(shown) + effects_as_plain_text(shown) + ["image"] * (len(pictures) != images)


def cells(markdown: str) -> list[list[str]]:
    """The rows of a Markdown table, each with the text of its cells."""
    rows: list[list[str]] = []
    for token in _MARKDOWN.parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(rendered(token))
    return rows


def rendered(token: Token) -> str:
    """The text that an inline token shows."""
    return "".join(child.content for child in token.children or ())


def paragraph(markdown: str) -> str:
    """The text of Markdown that is one paragraph, or nothing."""
    tokens = _MARKDOWN.parse(markdown)
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"]), markdown
    return rendered(tokens[1]) if tokens else ""


def _all(tokens: list[Token]) -> list[Token]:
    return [token for outer in tokens for token in (outer, *_all(outer.children or []))]
