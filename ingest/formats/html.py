"""HTML as people read it: text, and the links in it."""

from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.formats.text import clean


class Html(NamedTuple):
    """The text of a piece of HTML, paragraphs apart by an empty line, and the addresses it links to, each once."""

    text: str
    links: tuple[str, ...]


_UNSEEN = frozenset(
    {"script", "style", "template", "head", "title", "noscript", "iframe", "object", "select", "svg", "math"}
)
_LINE = frozenset({"br", "li", "tr", "dt", "dd", "hr", "figcaption", "caption"})
_CELL = frozenset({"td", "th"})
_PARAGRAPH = frozenset(
    {
        *(
            "p",
            "div",
            "blockquote",
            "pre",
            "ul",
            "ol",
            "dl",
            "table",
            "section",
            "article",
            "aside",
            "header",
            "footer",
        ),
        *(
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "figure",
            "main",
            "nav",
            "details",
            "summary",
            "form",
            "fieldset",
            "address",
        ),
    }
)


def html_to_text(html: str) -> Html:
    """What somebody reads on the page that holds ``html``; never raises, however broken it is.

    Links are written out in full: Mastodon hides the start and the end of a long one (``span.invisible``), but a
    profile's address is a sign of whom the post is about. Elsewhere hidden text is left out.
    """
    body = LexborHTMLParser(html).body
    if body is None:
        return Html("", ())
    writer = _Writer()
    links: dict[str, None] = {}
    for node, opens in _walk(body):
        tag = node.tag
        if tag == "-text":
            writer.write(node.text_lexbor())
        elif tag in _PARAGRAPH:
            writer.pre += (1 if opens else -1) if tag == "pre" else 0
            writer.gap(2)
        elif tag in _LINE:
            writer.gap(1, always=opens and tag == "br")
        elif tag in _CELL:
            writer.space()
        elif tag == "a" and opens:
            href = (node.attributes.get("href") or "").strip()
            if href.startswith(("https://", "http://")):
                links[clean(href)] = None
        elif tag == "img" and opens:
            writer.write(node.attributes.get("alt") or "")
    return Html(clean(writer.text()), tuple(links))


def _walk(root: LexborNode) -> list[tuple[LexborNode, bool]]:
    """Every node that is shown, in order; elements twice, when they open and when they close.

    Without recursion, since pages may be nested deeply.
    """
    steps: list[tuple[LexborNode, bool]] = []
    open_elements: list[LexborNode] = []
    links = 0
    node = root.first_child
    while True:
        while node is None:
            if not open_elements:
                return steps
            closed = open_elements.pop()
            steps.append((closed, False))
            links -= closed.tag == "a"
            node = closed.next
        tag = node.tag
        if tag == "-text":
            steps.append((node, True))
            node = node.next
        elif tag is None or tag.startswith("-") or tag in _UNSEEN or (not links and _hidden(node)):
            node = node.next
        else:
            steps.append((node, True))
            links += tag == "a"
            open_elements.append(node)
            node = node.first_child


def _hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or "invisible" in (attributes.get("class") or "").split()


class _Writer:
    """Joins pieces of text as a browser does: white space collapses, and is dropped at the edges of lines."""

    def __init__(self) -> None:
        self.pre = 0
        self._parts: list[str] = []
        self._gap = 0
        self._space = False

    def gap(self, lines: int, *, always: bool = False) -> None:
        """End the line; two: leave an empty one. Gaps do not add up, except those that a ``<br>`` makes."""
        self._gap = min(self._gap + 1, 2) if always else max(self._gap, lines)
        self._space = False

    def space(self) -> None:
        """Keep what follows apart from what stands before."""
        self._space = True

    def write(self, text: str) -> None:
        """Add ``text``."""
        if self.pre:
            self._add(text.strip("\n"))
            return
        words = text.split()
        if words:
            self._space = self._space or text[0].isspace()
            self._add(" ".join(words))
        self._space = self._space or text[-1:].isspace()

    def _add(self, text: str) -> None:
        if self._parts:
            self._parts.append("\n" * self._gap or " " * self._space)
        self._parts.append(text)
        self._gap, self._space = 0, False

    def text(self) -> str:
        return "".join(self._parts)
