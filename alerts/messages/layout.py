"""A message laid out: once as plain text, once as a page for programs that read mail."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from classify.verdict import Severity
from registry.official import Language

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Section:
    """Something to consider: a heading, items, and what is to be said of them all.

    Attributes:
        links: the address of each item, or none at all.
    """

    heading: str
    items: tuple[str, ...]
    remark: str = ""
    links: tuple[str, ...] = ()

    def linked(self) -> list[tuple[str, str]]:
        """Each item with its address; empty: it has none."""
        return list(zip(self.items, self.links or ("",) * len(self.items), strict=True))

    def lines(self) -> list[str]:
        """As plain text."""
        items = [f"- {item}: {link}" if link else f"- {item}" for item, link in self.linked()]
        return [f"{self.heading}:", *items, *([self.remark] if self.remark else [])]


@dataclass(frozen=True, slots=True)
class Layout:
    """What a message says, in the order in which it says it. Each text is one line.

    A preview shows how it begins: ``lead``, ``answer`` and ``link`` come first, and say nothing that others must not see.

    Attributes:
        answer: what opening the link is good for.
        button: what stands on the link.
        first: a heading, and what to do first.
        facts: what it is about, each with its name.
        notes: what is told at the end.
    """

    language: Language
    title: str
    severity: Severity
    lead: str
    answer: str = ""
    button: str = ""
    link: str = ""
    first: tuple[str, str] | None = None
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def heading(self) -> str:
        """The title as a sentence begins."""
        return self.title[:1].upper() + self.title[1:]

    def text(self) -> str:
        """As plain text. Lines are as long as their sentences: who shows it breaks them to the width of the screen."""
        begin = " ".join(part for part in (self.lead, self.answer) if part)
        blocks = [[begin]]
        if self.link:
            blocks.append([f"{self.button}:", self.link])
        if self.first:
            blocks.append([": ".join(self.first)])
        # As a list: without a mark, some programs join short lines into one.
        blocks.append([f"- {name}: {value}" for name, value in self.facts])
        blocks.extend(section.lines() for section in self.sections)
        blocks.append(list(self.notes))
        return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"

    def html(self) -> str:
        """As a page of its own: no script, no image, nothing that is loaded from anywhere."""
        return _template().render(message=self)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("message.html")
