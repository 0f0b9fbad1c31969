"""What a running monitor shows on a terminal, and the summary at its end."""

import time
from collections import deque

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alerts.alert import Alert, Delivery
from classify.verdict import LABELS, SEVERITIES, Severity, Verdict
from flow.errors import Unavailable
from ingest.intake import Taken
from turvakt.commands.shared import printable
from turvakt.counted import counted
from turvakt.tally import Tally

STYLES: dict[Severity, str] = {
    "none": "dim",
    "low": "cyan",
    "medium": "yellow",
    "high": "bold dark_orange",
    "critical": "bold white on red",
}

HOW_COUNTS_RELATE = (
    "Alerts that belong together are one incident; a delivery tells one address of an incident: "
    "when it begins, when it grows, and when nobody answers."
)
"""Below the summary: why there are not as many deliveries as alerts."""


class Display:
    """Shows on ``screen`` what is collected, matched, flagged and sent (implements `turvakt.tally.Listener`).

    Args:
        texts: whether the texts of flagged posts may be shown: in the demo, whose people are invented.
    """

    def __init__(self, screen: Console, tally: Tally, *, heading: str, texts: bool = False) -> None:
        self._tally = tally
        self._heading = heading
        self._texts = texts
        self._recent: deque[Text] = deque(maxlen=12)
        self._sent: deque[Text] = deque(maxlen=5)
        self._notice = ""
        self._live = Live(get_renderable=self._render, console=screen, refresh_per_second=4, transient=False)

    def __enter__(self) -> "Display":
        self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def taken(self, collector: str, taken: Taken) -> None:
        self._notice = ""

    def verdict(self, verdict: Verdict) -> None:
        severity = verdict.judgement.severity
        if severity == "none" or verdict.post.deleted_at is not None:
            return
        about = ", ".join(dict.fromkeys(mention.official for mention in verdict.post.mentions))
        labels = ", ".join(verdict.judgement.flagged)
        line = Text.assemble((f"{severity:9}", STYLES[severity]), f"{labels:22} {about}")
        if self._texts:
            line.append(f"  {printable(' '.join(verdict.post.text.split()))}", style="dim")
        line.truncate(max(40, self._live.console.width - 6), overflow="ellipsis")
        self._recent.append(line)

    def alert(self, alert: Alert) -> None:
        """Alerts are counted by the tally."""

    def delivery(self, delivery: Delivery) -> None:
        style = "green" if delivery.state == "delivered" else "bold red"
        self._sent.append(Text.assemble((f"{delivery.state:10}", style), f"{delivery.channel:8} {delivery.official}"))

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None:
        """Stages are counted by the tally."""

    def waiting(self, place: str, error: Unavailable) -> None:
        self._notice = f"waiting: {place}: {error}"

    def _render(self) -> RenderableType:
        tally, taken = self._tally, self._tally.all_taken
        counts = Table.grid(padding=(0, 3))
        counts.add_row(
            f"[bold]{taken.read}[/bold] read",
            f"[bold]{taken.matched}[/bold] matched",
            f"[bold]{tally.verdicts - tally.severities['none']}[/bold] flagged",
            f"[bold]{tally.unable.total()}[/bold] unable",
            f"[bold]{tally.alerts}[/bold] alerts",
            f"[bold]{tally.deliveries['delivered']}[/bold] sent",
            f"[bold]{tally.dead.total() + taken.rejected}[/bold] dead",
        )
        parts: list[RenderableType] = [Text.from_markup(self._heading), Text(""), counts]
        if self._recent:
            parts.append(Panel(Group(*self._recent), title="flagged", title_align="left", border_style="dim"))
        if self._sent:
            parts.append(Panel(Group(*self._sent), title="sent", title_align="left", border_style="dim"))
        if self._notice:
            parts.append(Text(self._notice, style="yellow"))
        return Group(*parts)


class Progress:
    """A line on standard error now and then, where there is no terminal (implements `turvakt.tally.Listener`)."""

    def __init__(self, screen: Console, tally: Tally, *, every_seconds: float = 5.0) -> None:
        self._screen = screen
        self._tally = tally
        self._every = every_seconds
        self._next = time.monotonic() + every_seconds

    def taken(self, collector: str, taken: Taken) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every
            # What becomes of them the stages have yet to say.
            so_far = self._tally.all_taken
            self._screen.print(f"{counted(so_far.read, 'post', 'posts')} read, {so_far.matched} matched")

    def verdict(self, verdict: Verdict) -> None:
        """Shown with the next line."""

    def alert(self, alert: Alert) -> None:
        """Shown with the next line."""

    def delivery(self, delivery: Delivery) -> None:
        """Shown with the next line."""

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None:
        """Shown with the next line."""

    def waiting(self, place: str, error: Unavailable) -> None:
        self._screen.print(f"waiting: {place}: {error}", markup=False, highlight=False, soft_wrap=True)


def summary(tally: Tally, *, waiting: int, seconds: float) -> dict[str, object]:
    """The counts of a run, as plain JSON values. ``waiting`` deliveries are still in the outbox."""
    taken = tally.all_taken
    return {
        "read": taken.read,
        "matched": taken.matched,
        "duplicates": taken.duplicates,
        "deleted": taken.deleted,
        "rejected": taken.rejected,
        "judged": tally.verdicts - tally.unable.total(),
        "unable": dict(tally.unable),
        "severity": {severity: tally.severities[severity] for severity in SEVERITIES},
        "flagged": {label: tally.labels[label] for label in LABELS},
        "alerts": tally.alerts,
        "deliveries": {
            "delivered": tally.deliveries["delivered"],
            "failed": tally.deliveries["failed"],
            "waiting": waiting,
        },
        "dead": tally.dead.total() + taken.rejected,
        "seconds": round(seconds, 3),
        "posts_per_second": round(taken.read / seconds) if seconds else 0,
    }


def summary_table(counts: dict[str, object]) -> Table:
    """The summary for people."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="dim")
    made.add_column(justify="right")
    for name, value in counts.items():
        if isinstance(value, dict):
            for inner, count in value.items():
                made.add_row(f"{name}: {inner}", str(count))
        else:
            made.add_row(name.replace("_", " "), str(value))
    return made
