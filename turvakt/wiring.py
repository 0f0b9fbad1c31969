"""The composition root: everything is put together here, from the settings, and opened when it is first used."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from access.audit_holding import AuditHolder
from access.holding import PeopleHolder
from access.letters import Letters
from access.people import People
from access.person import Person
from access.sealing import Seal
from alerts import stage as alert_stages
from alerts.alert import ALERTS, DELIVERIES, Delivery, Recipient
from alerts.bulletin import Bulletin
from alerts.channel import Channel
from alerts.channels.files import Files
from alerts.content import Content, to_one
from alerts.delivery.budget import Budgets
from alerts.delivery.dispatcher import Dispatcher, NotNamed
from alerts.delivery.postman import Postman
from alerts.delivery.tellable import as_answered, as_it_stands, calmly
from alerts.incidents.closing import Closing
from alerts.incidents.escalator import Escalator
from alerts.incidents.incidents import DecisionsAway, Incidents
from alerts.incidents.reading import IncidentReader
from alerts.incidents.telling import Telling
from alerts.mail.keyring import Keyring
from alerts.messages.letters import FOLDER as LETTERS_FOLDER
from alerts.messages.letters import LetterRenderer
from alerts.messages.rendering import FOLDERS, Renderer
from alerts.messages.translations import Translations
from alerts.overtaken import Overtaken
from alerts.plans.contacts import at_present, contacts_of
from alerts.plans.gaps import of_no_tenant
from alerts.plans.live import LivePlans
from alerts.plans.plan import Plans
from alerts.routing import alerts_about, permitted
from classify.classifier import Classifier, Judges
from classify.law import Provision, load_law
from classify.remote.service import Outcome
from classify.stage import classify_stage
from classify.verdict import VERDICTS
from flow.clock import Clock, SystemClock
from flow.codec import Codec
from flow.errors import BadInput, Broken, Unavailable
from flow.stage import Stage
from flow.step import Step
from ingest.collector import Collector
from ingest.collectors import COLLECTORS
from ingest.holding import LogHolder
from ingest.intake import Intake, Taken
from ingest.post import POSTS, Mention, Post
from registry.expiry import Ending, ending
from registry.holder import Holder, Part
from registry.holding import RegistryHolder
from registry.official import EVERYTHING, Language, Official
from registry.retention import KINDS, RetentionReport
from registry.tenant import Tenant
from registry.withdrawal import Erasure, Kept
from registry.wording import Shown, Wordings, load_wordings
from review import decision
from review.decision import DECISIONS
from review.index import MOST, Query, every
from review.naming import Naming
from review.retention import PostRetention
from review.stage import DECISIONS_TOPIC, index_stages
from turvakt import informing, retaining
from turvakt.access import answer_links, key, push_key
from turvakt.adapters import make_channels, make_collectors, make_jsonl, make_judge
from turvakt.bluesky_accounts import BlueskyAccounts
from turvakt.names import Names
from turvakt.reading import STAGES
from turvakt.settings import Settings
from turvakt.shadow import Listener as ShadowListener
from turvakt.shadow import Shadow
from turvakt.stores import Stores
from turvakt.watch.operator import contacts as operator_contacts
from turvakt.watch.operator import recipients as operator_recipients
from web.door import PROGRAM, TOKEN

logger = logging.getLogger(__name__)


class Parts(Stores):
    """The parts of one Turvakt. Each is made when it is first asked for.

    Args:
        clock: for everything that asks the time.
    """

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        super().__init__(settings, clock=clock or SystemClock())
        self.remote_told: Callable[[Outcome, int], None] = lambda outcome, many: None
        """Is told what became of how many posts that the remote model might have judged."""
        self.cascade_told: Callable[[Judges, int], None] = lambda judges, many: None
        """Is told by which models of the cascade how many posts were judged, not counting a candidate in the shadow."""
        self.house_told: Callable[[int], None] = lambda removed: None
        """Is told of each round of housekeeping: how many records retention has removed."""
        self.delivery_told: Callable[[Delivery], None] = lambda delivery: None
        """Is told of each delivery that has ended here, or failed for the first time, when that is written down."""

    @cached_property
    def names(self) -> Names:
        """Where officials' names stand in a text."""
        return Names(self.officials.all)

    @cached_property
    def files(self) -> Files:
        """The channel ``outbox``: files in the data folder."""
        return Files(self.settings.data_dir / "outbox", clock=self.clock)

    @cached_property
    def letters(self) -> Letters:
        """What people who sign in are written to."""
        return Letters(self.database, seal=self.seal, clock=self.clock)

    def seal(self) -> Seal:
        """What is kept sealed is opened by the same key in every process that needs it.

        Raises:
            Broken: in a cluster, ``web.key`` is not set; or the data folder cannot be used.
        """
        return Seal(key(self.settings), former=self.settings.web.former_key)

    @cached_property
    def channels(self) -> Mapping[str, Channel]:
        """The channels that the settings give what they need."""
        return make_channels(
            self.settings,
            files=self.files,
            clock=self.clock,
            browsers=self.browsers,
            push_key=lambda: push_key(self.settings),
            keys=lambda address: self.keyring.of(address),
        )

    @cached_property
    def keyring(self) -> Keyring:
        """The public keys of those to whom mail is encrypted.

        Raises:
            Broken: something in a file of rules is wrong.
        """
        return Keyring(self.plans)

    @cached_property
    def plans(self) -> LivePlans:
        """Whom to tell of what, for each tenant, as the files of rules say at any time.

        Raises:
            Broken: something in a file of rules is wrong.
        """
        return LivePlans(self.settings.rules_file, self.settings.plans_dir, clock=self.clock)

    @cached_property
    def wordings(self) -> Wordings:
        """What officials are shown before they consent."""
        return load_wordings(self.settings.consent_dir)

    @cached_property
    def function_wordings(self) -> Wordings:
        """What managers who answer for a function are shown.

        Raises:
            Broken: the folder of the wordings has no folder ``functions``, or one is not whole.
        """
        return load_wordings(self.settings.consent_dir / "functions")

    def shown(self, tenant: Tenant, language: Language, *, of_function: bool = False) -> Shown:
        """What officials of this tenant, or managers of its functions, are shown now, with the days for which it keeps posts."""
        retention = retaining.retention(self)
        days: dict[str, float] = {kind: retention.of(kind, [tenant.id]) for kind in KINDS}
        wordings = self.function_wordings if of_function else self.wordings
        return wordings.shown(language, tenant=tenant.name, days=days)

    @cached_property
    def naming(self) -> Naming:
        """Who confirms the names that officials enter themselves."""

        def tenant_name(id: str) -> str:
            return next((each.name for each in self.store.tenants() if each.id == id), id)

        return Naming(
            self.database,
            self.store,
            people=People(self.database),
            letters=self.letters,
            audit=self.audit,
            tenant_name=tenant_name,
            clock=self.clock,
        )

    @cached_property
    def law(self) -> tuple[Provision, ...]:
        """The provisions that pages and messages may hint at."""
        return load_law(self.settings.law_file)

    @cached_property
    def classifier(self) -> Classifier:
        """What judges the posts."""
        return self._classifier(
            self.settings.classifier.name,
            models=self.settings.models_dir,
            cascade_told=lambda judges, many: self.cascade_told(judges, many),  # whoever listens may come later
        )

    def candidate(self) -> Classifier:
        """What judges in the shadow of the classifier; made anew by each call.

        Raises:
            Broken: there is none of that name, or its model is missing or altered.
        """
        return self._classifier(self.settings.classifier.shadow, models=self.settings.shadow_models_dir)

    def _classifier(
        self, name: str, *, models: Path, cascade_told: Callable[[Judges, int], None] = lambda judges, many: None
    ) -> Classifier:
        return make_judge(
            name,
            models=models,
            remote=self.settings.remote,
            names=lambda text: self.names(text),  # the registry is opened when it is asked
            told=lambda outcome, many: self.remote_told(outcome, many),
            cascade_told=cascade_told,
            clock=self.clock,
        )

    def shadow(self, listener: ShadowListener) -> Shadow | None:
        """What compares the candidate with the classifier; ``None`` if the settings name no candidate."""
        if not self.settings.classifier.shadow:
            return None
        return Shadow(
            open=self.candidate,
            # Opened when the first post is compared: a server that is away, or a wrong rules file, must stop nobody for it.
            alerts=lambda verdicts: alerts_about(
                verdicts, plans=self.plans, officials=self.officials.get, clock=self.clock
            ),
            allowed=self.allowed,
            folder=None if self.is_cluster else self.settings.data_dir,
            clock=self.clock,
            listener=listener,
        )

    @cached_property
    def holders(self) -> tuple[Holder, ...]:
        """Every place that holds personal data, upstream first: erasure and access are loops over this list."""
        records: dict[str, Codec[Any]] = {
            "posts": POSTS,
            "verdicts": VERDICTS,
            "alerts": ALERTS,
            "deliveries": DELIVERIES,
        }
        log = LogHolder(self.log, records=records, followers={"decisions": ("by",)})
        trends = () if self.trends is None else (self.trends,)
        audit = AuditHolder(self.audit, people=self._hers_alone)
        registry = RegistryHolder(self.store)
        return (
            log,
            self.outbox,
            self.files,
            *trends,
            self.index,
            self.notices,
            self.incidents,
            self.incidents.history,
            audit,
            self.letters,
            PeopleHolder(self.database, clock=self.clock),  # after those who ask it who she is
            self.holds,
            registry,
        )

    def _hers_alone(self, official: str) -> list[str]:
        """Who is the official or her deputy, and nothing else: the ids of the people who go with her."""
        people = People(self.database).of_official(official)
        return [each.id for each in people if all(grant.official == official for grant in each.grants)]

    @cached_property
    def erasure(self) -> Erasure:
        """Ends consent and erases what was held by it."""
        return Erasure(
            store=self.store,
            partial=self.partial,
            holders=self.holders,
            scrub=self.scrub,
            clock=self.clock,
            sources=self.sources,
            held_from=self.held_from,
            keeps=self.keeps,
            backups=(backups := timedelta(days=self.settings.retention.backup_days)),
            prepare=self._before_erasure,
            tell=lambda report: informing.send_last(self.letters, report, now=self.clock.now(), backups=backups),
        )

    def _before_erasure(self, official: str) -> None:
        informing.prepare_last(People(self.database), self.letters, official)
        closing = Closing(
            self.database,
            telling=self.telling,
            plans=lambda: self.plans,
            officials=self.officials.get,
            operator=partial(operator_recipients, self.settings.operator),
            clock=self.clock,
        )
        withdrawal = self.store.withdrawal(official)
        try:
            if withdrawal is not None:
                closing.tell(official, withdrawn_at=withdrawal.at)
        except Broken as error:  # no file of rules that is wrong holds up an erasure
            logger.warning("nobody is told that alerts are closed: %s", error)

    def sources(self) -> frozenset[str]:
        """All sources there are: those that can be collected, and those that somebody has consented to by name."""
        named = {source for each in self.officials.all() for consent in each.consents for source in consent.scope}
        return frozenset((named | COLLECTORS.keys()) - {EVERYTHING})

    def held_from(self, official: str) -> frozenset[str]:
        """The sources from which the index holds anything about an official."""
        return frozenset(item.verdict.post.source for item in every(self.index, Query(official=official, limit=MOST)))

    def keeps(self, official: str, part: Part | None) -> list[Kept]:
        """What an erasure leaves."""
        kept = (
            [Kept("digest"), Kept("audit"), Kept("messages")]
            if part is None
            else [Kept("digest"), Kept("ledger"), Kept("messages")]
        )
        if self.trends is not None and (part is None or part.kind == "source"):
            kept.append(Kept("trends"))
        holds = [each for each in self.holds.of(official) if part is None or part.covers(each.post)]
        kept += [Kept("hold", each.until, each.reason) for each in holds]
        return kept

    def stage(self, name: str, *, wake: Callable[[], None] = lambda: None) -> Stage[Any]:
        """The stage of that name; nothing is opened that only another one needs.

        Args:
            wake: is called when there is something to deliver.
        """
        clock, stop_after = self.clock, self.settings.flow.stop_after
        if name == "classify":
            return classify_stage(classifier=self.classifier, clock=clock, stop_after=stop_after)
        if name == "route":
            plans, officials = self.plans, self.officials.get
            for each in of_no_tenant(plans, self.store.tenants()):
                logger.warning("alerts.tenants: %s", each)
            return alert_stages.route_stage(plans=plans, officials=officials, clock=clock, stop_after=stop_after)
        if name == "deliver":
            incidents = self.incidents
            return alert_stages.deliver_stage(incidents=incidents, clock=clock, wake=wake, stop_after=stop_after)
        stages = index_stages(
            index=self.index,
            stored=lambda verdicts: self.posts.stored(verdicts),  # opened by the stage alone that asks
            overtaken=lambda verdicts: self.overtaken(verdicts),  # likewise
            forget=self.forget,
            clock=clock,
            stop_after=stop_after,
        )
        return next(stage for stage in stages if stage.name == name)

    def stages(self, *, wake: Callable[[], None] = lambda: None) -> list[Stage[Any]]:
        """The stages in the order of the data; ``wake`` is called when there is something to deliver."""
        return [self.stage(name, wake=wake) for name in STAGES]

    def intake(
        self,
        observe: Callable[[str, Taken], None],
        *,
        also: Callable[[Post], tuple[Mention, ...]] = lambda post: (),
        defers: bool = False,
    ) -> Intake:
        """Takes what collectors read."""
        return Intake(
            log=self.log,
            matcher=self.officials.matcher,
            held=self.index.held,
            posts_of=self.index.posts_of,
            clock=self.clock,
            observe=observe,
            also=also,
            objected=self.objections.upheld,
            defers=defers,
        )

    def renderer(self, base_url: str) -> Renderer:
        """Makes messages; ``base_url`` is where their links lead."""
        return Renderer(
            Translations(*FOLDERS),
            base_url=base_url,
            officials=self.officials.get,
            law=self.law,
            link_of=answer_links(self.settings, base_url),
            incidents=IncidentReader(self.database).get,
        )

    def dispatcher(self, step: Step, *, base_url: str) -> Dispatcher:
        """Carries deliveries to people; ``base_url`` is where the links in messages lead."""
        _ = self.keyring  # of a key of no use the log tells at the start, and not with the first alert
        renderer = self.renderer(base_url)
        return Dispatcher(
            outbox=self.outbox,
            channels=self.channels,
            render=lambda told, recipient, delivery: renderer.render(told, recipient, delivery=delivery),
            commit=alert_stages.recording(
                telling=self.telling, log=self.log, told=lambda delivery: self.delivery_told(delivery)
            ),
            allowed=self.permitted,
            step=step,
            clock=self.clock,
            give_up_after=timedelta(hours=self.settings.alerts.give_up_after_hours),
        )

    @cached_property
    def telling(self) -> Telling:
        """The way into the outbox."""
        return Telling(self.database, outbox=self.outbox, budgets=self.budgets, clock=self.clock)

    @cached_property
    def budgets(self) -> Budgets:
        """What holds back what is beyond that of an address."""
        return Budgets(
            self.database,
            plans=lambda: self.plans,
            officials=self.officials.get,
            operator=partial(operator_recipients, self.settings.operator),
            clock=self.clock,
        )

    @cached_property
    def incidents(self) -> Incidents:
        """What people are told of, answer and close."""
        return Incidents(
            self.database,
            telling=self.telling,
            plans=lambda: self.plans,  # files of rules are read by who tells, not by who only looks
            officials=self.officials.get,
            account=self.objections.author,
            operator=partial(operator_recipients, self.settings.operator),
            email_of=lambda by: "" if (person := self._person(by)) is None else person.email,
            signs_in=lambda by: self._person(by) is not None or by in (TOKEN, PROGRAM),
            decide=self._decide,
            clock=self.clock,
        )

    def _person(self, by: str) -> Person | None:
        """Who has this id; a contact's name is nobody's."""
        return People(self.database).find(by)

    def _name(self, by: str) -> str:
        """Of a person by her id; a contact's is his name."""
        return by if (known := self._person(by)) is None else known.name

    def _decide(
        self, posts: Sequence[str], *, tenant: str, by: str, at: datetime, taken_back: str | None = None
    ) -> None:
        name, decide = self._name(by), decision.false_alarm
        if taken_back is not None:
            decide = partial(decision.taken_back, called_by=self._name(taken_back))
        try:
            found = [(post, self.index.get(post)) for post in posts]
        except (Unavailable, BadInput):
            raise DecisionsAway from None
        decided = [decide(post, item.decisions if item else (), tenant=tenant, by=name, at=at) for post, item in found]
        with self.log.write() as writer:
            for each in decided:
                writer.append(DECISIONS_TOPIC, each.post, DECISIONS.encode(each))

    def escalator(self, step: Step, *, wake: Callable[[], None]) -> Escalator:
        """Sees to it that what nobody answers goes on; ``wake`` is called when there is something to deliver."""
        return Escalator(incidents=self.incidents, wake=wake, step=step, clock=self.clock)

    def postman(self, step: Step, *, base_url: str) -> Postman:
        """Sends letters to people who sign in: by e-mail or, where no server is set, into the folder of the outbox.

        Raises:
            Broken: as for `seal`; known before the first letter waits for it.
        """
        self.seal()
        return Postman(
            letters=self.letters,
            channel=self.channels.get("email", self.files),
            renderer=LetterRenderer(Translations(LETTERS_FOLDER), base_url=base_url),
            step=step,
            clock=self.clock,
            sent=partial(informing.note, notices=self.notices, clock=self.clock),
        )

    def collectors(self) -> list[Collector]:
        """The collectors that the settings switch on."""
        return make_collectors(self.settings, accounts=self.bluesky_accounts, clock=self.clock)

    @cached_property
    def bluesky_accounts(self) -> BlueskyAccounts:
        """The Bluesky accounts of the officials, by DID."""
        return BlueskyAccounts(self.officials, resolver=self.settings.bluesky.resolver, clock=self.clock)

    def jsonl(self, path: str, *, follow: bool, over_seconds: float | None = None) -> Collector:
        """A collector of JSON lines."""
        return make_jsonl(self.settings, path, follow=follow, over_seconds=over_seconds, clock=self.clock)

    @cached_property
    def overtaken(self) -> Overtaken:
        """Tells of threats that were deleted before `deliver` could."""

        def since() -> datetime | None:
            unread = (self.oldest_unread(STAGES[stage], stage) for stage in ("route", "deliver"))
            return min((at for at in unread if at is not None), default=None)

        def plans() -> Plans:
            try:
                return self.plans
            except Broken as error:  # which ends the stages that tell, and must not end what indexes
                raise Unavailable(error.reason, place=error.place, remedy=error.remedy) from None

        officials = self.officials.get
        return Overtaken(self.incidents, plans=plans, officials=officials, since=since, clock=self.clock)

    def forget(self, posts: Collection[str]) -> None:
        """Remove posts that their platform deleted from every place that holds them."""
        for holder in self.holders:
            holder.forget(posts)

    def sweep(self) -> int:
        """Remove messages that were written while their official was erased, by a process that was then killed."""
        return self.files.sweep(lambda keys: self.outbox.known(keys) | self.letters.known(keys))

    @cached_property
    def posts(self) -> PostRetention:
        """Which posts come into the index, and when they leave it."""
        return retaining.post_retention(
            self, release=lambda posts: self.incidents.release(posts) + self.outbox.release(posts)
        )

    def expire(self) -> RetentionReport:
        """Enforce the retention."""
        return retaining.enforce(self, self.holders, self.posts)

    def oldest_unread(self, topic: str, stage: str) -> datetime | None:
        """When the oldest entry of ``topic`` came that the stage has yet to read; ``None``: it has read all."""
        if self.is_cluster:
            return self.kafka.oldest_unread(topic, stage)
        return next((entry.at for entry in self.queue.read(topic, stage, 1).entries), None)

    def count_trends(self, *, since: date | None = None) -> list[date]:
        """Count for the trends the days that are over, see `review.trends.trends.Trends.catch_up`; none without trends."""
        if self.trends is None:
            return []
        stage = "index-verdicts"
        return self.trends.catch_up(since=since, unread=self.oldest_unread(STAGES[stage], stage))

    def lags(self) -> dict[str, int]:
        """How many entries wait before each stage."""
        if self.is_cluster:
            return self.kafka.lags(STAGES)
        return {name: self.log.lag(topic, name) for name, topic in STAGES.items()}

    def consenting(self) -> int:
        """How many officials have a consent in force."""
        now = self.clock.now()
        return sum(any(consent.in_force(now) for consent in each.consents) for each in self.officials.all())

    def ending(self) -> list[Ending]:
        """The consents that end soon while nothing follows them."""
        return ending(self.officials.all(), self.clock.now())

    def allowed(self, official_id: str, source: str) -> bool:
        """Whether the official has a consent in force that covers ``source``."""
        official = self.officials.get(official_id)
        return official is not None and official.consents_to(source, self.clock.now())

    def permitted(self, told: Content, recipient: Recipient) -> Content | None:
        """What consent allows to tell the recipient of it now, addressed to her alone at her address of now, or ``None``.

        Raises:
            NotNamed: she is no contact any more.
        """
        official, now = self.officials.get(told.official), self.clock.now()
        present = self._at_present(told, recipient, official)
        if present is None:
            raise NotNamed
        allowed = permitted(told, present, official=official, at=now)
        if allowed is None:
            return None
        if isinstance(told, Bulletin):
            told = as_it_stands(self.database, told, allowed, officials=self.officials.get, at=now)
        else:
            told = as_answered(self.database, told)
        if told.asks_nothing:
            # Her quiet hours are in the plan by which she was told, wherever the official belongs by now.
            incident = self.incidents.get(told.incident)
            plan = self.plans.of(incident.tenant if incident is not None else "")
            allowed = calmly(told, allowed, plan=plan, official=official, at=now)
        return to_one(told, allowed)

    def _at_present(self, told: Content, recipient: Recipient, official: Official | None) -> Recipient | None:
        """The recipient at her address of now; ``None``: she is no contact any more. Who is told of what is about nobody may be
        any tenant's contact of that name.
        """
        incident = self.incidents.get(told.incident) if official is not None else None
        if official is None or incident is None:
            return recipient
        of_plan, of_operator = self.plans.of(incident.tenant).all_contacts, operator_contacts(self.settings.operator)
        return at_present(recipient, (*of_plan, *contacts_of(official), *of_operator))

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
