"""The cascade, and a model on a server that somebody runs: it is asked about what the cascade doubts. Off by default."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from classify.classifier import Classifier, Judges
from classify.classifiers.cascade import Cascade
from classify.digest import digest
from classify.reading import read
from classify.remote.answer import PLACE, Answer, Form
from classify.remote.chat import PROMPT, Chat
from classify.remote.client import Client
from classify.remote.labelling import Labelling
from classify.remote.service import Outcome, Service
from classify.remote.shown import shown
from classify.remote.weighing import may_lower, weigh
from classify.rules.matching import find
from classify.verdict import Judgement, Label, at_least
from flow.breaker import Breaker
from flow.clock import Clock
from flow.errors import BadInput, Broken, TurvaktError, Unavailable

EXAMPLE = "Tack för den nya lekplatsen, den är fin och barnen trivs där."
"""An invented text without harm, to try a server with."""

logger = logging.getLogger(__name__)


class Remote:
    """Where the server says nothing that can be used, the verdict is the local one and names the local model alone.

    Not as pure as other classifiers: a server may be away, and another one may stand at its address tomorrow.

    Args:
        local: judges first, and alone what it is sure of.
        names: where names stand in a text that must not leave the machine, besides those that `classify.masking.hide` finds.
        told: is told what became of how many texts. It must not raise.

    Raises:
        Broken: the service cannot be called so.
    """

    def __init__(
        self,
        local: Classifier,
        service: Service,
        *,
        clock: Clock,
        names: Callable[[str], Iterable[tuple[int, int]]] = lambda text: (),
        told: Callable[[Outcome, int], None] = lambda outcome, many: None,
    ) -> None:
        if not service.model:
            raise Broken("is empty", place="settings, remote.model", remedy="Name the model: verdicts will tell it")
        self._local = local
        self._service = service
        self._names = names
        self._told = told
        self._client = Client(url=service.url, token=service.token, form=_form(service), seconds=service.seconds)
        self._breaker = Breaker(clock=clock)
        self._state = "answers"
        self.lacks: tuple[str, ...] = local.lacks
        self.model = f"remote:{service.model}@{_version(service)}+{local.model}"

    @classmethod
    def open(
        cls,
        models: Path,
        *,
        service: Service,
        clock: Clock,
        names: Callable[[str], Iterable[tuple[int, int]]] = lambda text: (),
        told: Callable[[Outcome, int], None] = lambda outcome, many: None,
        cascade_told: Callable[[Judges, int], None] = lambda judges, many: None,
    ) -> "Remote":
        """Over the cascade whose files are in ``models`` (``cascade_told`` is for that one); calls nobody.

        Raises:
            Broken: a file is missing, altered or of another version, or the service cannot be called so.
        """
        return cls(Cascade.open(models, told=cascade_told), service, clock=clock, names=names, told=told)

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text, in order; takes as long as the local model and ``service.seconds`` at most."""
        found = self._local.classify(texts)
        wanted = self._wanted(found)
        asked = wanted[: self._breaker.room(self._service.most)]
        answers = self._client.ask([self._shown(texts[place]) for place in asked]) if asked else []
        for place, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Answer):
                found[place] = self._both(texts[place], found[place], answer)
        self._count(answers, left=len(wanted) - len(asked))
        self._follow(answers)
        return found

    def thresholds(self, text: str) -> Mapping[Label, float]:
        """None: two models with thresholds of their own decide."""
        return {}

    def try_out(self) -> str:
        """Ask about a harmless text that somebody invented; returns the model's name.

        Raises:
            Unavailable: the server gives no answer.
            BadInput: its answer is not what was asked for, or calls the text abuse.
        """
        (answer,) = self._client.ask([EXAMPLE])
        if isinstance(answer, TurvaktError):
            raise answer
        if answer is None:
            raise Unavailable("no answer in time", place=PLACE, remedy="Is it running?")
        wrong = [label for label, chance in answer.labels.items() if chance >= self._service.threshold]
        if wrong:
            remedy = "Check remote.labels and remote.threshold, or take another model"
            raise BadInput(f"calls a harmless text {', '.join(wrong)}", place=PLACE, remedy=remedy)
        return self._service.model

    def _wanted(self, judgements: Sequence[Judgement]) -> list[int]:
        """The places of those to ask about: first what is not high yet, and of that the likeliest abuse."""
        chances = {
            place: max(score.probability for score in judgement.labels.values())
            for place, judgement in enumerate(judgements)
            if judgement.unable is None and self._open_to_change(judgement)
        }
        wanted = [place for place, chance in chances.items() if chance >= self._service.ask_from]
        return sorted(wanted, key=lambda place: (at_least(judgements[place].severity, "high"), -chances[place]))

    def _open_to_change(self, judgement: Judgement) -> bool:
        """What cannot get graver nor be lowered need not leave the machine."""
        return judgement.severity != "critical" or self._service.lowers == "critical"

    def _shown(self, text: str) -> str:
        return shown(text, self._names(text))

    def _both(self, text: str, local: Judgement, answer: Answer) -> Judgement:
        service = self._service
        lower = may_lower(local, lowers=service.lowers)
        return weigh(
            local,
            answer,
            threshold=service.threshold,
            lowers=service.lowers,
            hits=find(read([text])[0]) if lower else (),
            model=self.model,
        )

    def _count(self, answers: Sequence[Answer | TurvaktError | None], *, left: int) -> None:
        counts: Counter[Outcome] = Counter(map(_outcome, answers))
        counts["skipped"] += left
        for outcome, many in counts.items():
            if many:
                self._told(outcome, many)

    def _follow(self, answers: Sequence[Answer | TurvaktError | None]) -> None:
        """Tell the breaker and, where something has changed, the log.

        An unusable answer is an answer: a post that confuses the model must not silence it for all others.
        """
        wrong = next((each for each in answers if isinstance(each, Unavailable)), None)
        odd = next((each for each in answers if isinstance(each, BadInput)), None)
        if odd or any(isinstance(each, Answer) for each in answers):
            self._breaker.answered()
        elif wrong:
            self._breaker.failed()
        else:
            return
        outcomes = set(map(_outcome, answers))
        state = "answers" if "answered" in outcomes else "unusable" if odd else "away"
        state = "resting" if self._breaker.resting else state
        if state != self._state:
            self._state = state
            if state == "answers":
                logger.info("the remote model answers again")
            else:
                rests = ", and is left alone for a while" if state == "resting" else ""
                reason = wrong.reason if wrong else odd.reason if odd else ""
                logger.warning("no verdict of the remote model (%s)%s: the local ones stand", reason, rests)


def _outcome(answer: Answer | TurvaktError | None) -> Outcome:
    if isinstance(answer, Answer):
        return "answered"
    return "skipped" if answer is None else "unusable" if isinstance(answer, BadInput) else "failed"


def _version(service: Service) -> str:
    """Of what is asked, about which texts, and of what an answer may do; not of where the server is."""
    what = (service.kind, service.ask_from, service.threshold, service.lowers, sorted(service.labels.items()))
    return digest([PROMPT, *map(repr, what)])


def _form(service: Service) -> Form:
    if service.kind == "chat":
        return Chat(model=service.model)
    return Labelling(labels=service.labels, raw=service.kind == "raw-labels")
