"""Who may sign in: people in a table."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import delete, insert, select, update

from access.checking import checked, folded
from access.person import PEOPLE, Person
from access.tables import IDENTITY, OF_A_PERSON, PASSKEY, PASSWORD, PERSON
from flow.database import Database, Row
from flow.errors import BadInput, Broken

LOCK = "people"
"""Held by whoever changes what belongs to a person, so that nothing of hers is written while she is removed."""
_HERS = select(PERSON.c.value)


class People:
    """The table ``access_person`` of ``database``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, person: Person) -> None:
        """Store a new person. She cannot sign in before she has accepted an invitation.

        Raises:
            BadInput: a field is wrong, or somebody has her id or her address.
        """
        checked(person)
        with self._database.transaction():
            self._database.lock(LOCK)
            if self.find(person.id) is not None:
                raise BadInput("the id is taken", place=f"person {person.id}", remedy="Choose another one")
            self._free(person)
            self._database.execute(insert(PERSON), _row(person))

    def put(self, person: Person) -> None:
        """Change a person. Who is not ``active`` any more is signed out by that.

        Raises:
            BadInput: nobody has her id, a field is wrong, or somebody else has her address.
        """
        checked(person)
        with self._database.transaction():
            self._database.lock(LOCK)
            self.get(person.id)
            self._free(person)
            self._database.execute(update(PERSON).where(PERSON.c.id == person.id).values(_row(person)))

    def get(self, person_id: str) -> Person:
        """
        Raises:
            BadInput: nobody has this id.
        """
        found = self.find(person_id)
        if found is None:
            raise BadInput("nobody has this id", place="people", remedy="See 'turvakt people list'")
        return found

    def find(self, person_id: str) -> Person | None:
        """The person with this id; a contact's name is nobody's."""
        rows = self._database.query(_HERS.where(PERSON.c.id == person_id))
        return decoded(rows[0]) if rows else None

    @contextmanager
    def changing(self, person_id: str) -> Iterator[Person]:
        """The person as she is; until the block ends nobody else changes her, and what it writes is one transaction.

        Raises:
            BadInput: nobody has this id.
        """
        with self._database.transaction():
            self._database.lock(LOCK)
            yield self.get(person_id)

    def hold(self, person_id: str) -> Person | None:
        """Within a transaction: nobody is changed until it ends. The person as she is; ``None`` if she may not sign in."""
        self._database.lock(LOCK)
        found = self.find(person_id)
        return found if found is not None and found.active else None

    def by_email(self, email: str) -> Person | None:
        """The person with that address, however it is written."""
        rows = self._database.query(_HERS.where(PERSON.c.email == folded(email)))
        return decoded(rows[0]) if rows else None

    def all(self, tenant: str | None = None) -> list[Person]:
        """Everybody, or who has a role in ``tenant``; ordered by id."""
        people = [decoded(row) for row in self._database.query(_HERS.order_by(PERSON.c.id))]
        return [each for each in people if tenant is None or any(grant.tenant == tenant for grant in each.grants)]

    def of_official(self, official: str) -> list[Person]:
        """Who is the official with this id, or her deputy, or was offered it; ordered by id."""
        return [
            each for each in self.all() if any(grant.official == official for grant in (*each.grants, *each.offers))
        ]

    def has_joined(self, person_id: str) -> bool:
        """Whether she has something to sign in with: whoever is only invited has nothing."""
        return any(
            self._database.query(select(table.c.person).where(table.c.person == person_id).limit(1))
            for table in (PASSWORD, PASSKEY, IDENTITY)
        )

    def remove(self, person_id: str) -> bool:
        """Forget her, all that she signs in with, her sessions and what she was invited to; whether there was anything.

        What she did stays in the audit log.
        """
        with self._database.transaction():
            self._database.lock(LOCK)
            for table in OF_A_PERSON:
                self._database.execute(delete(table).where(table.c.person == person_id))
            return self._database.execute(delete(PERSON).where(PERSON.c.id == person_id)) > 0

    def _free(self, person: Person) -> None:
        other = self.by_email(person.email)
        if other is not None and other.id != person.id:
            raise BadInput("somebody else has this address", place=f"person {person.id}", remedy="Give another one")


def decoded(row: Row) -> Person:
    """The person whose record is the first column.

    Raises:
        Broken: this program cannot read it.
    """
    try:
        return PEOPLE.decode(row[0])
    except BadInput as error:
        remedy = "Run the version of Turvakt that wrote it, or restore a copy of the database"
        raise Broken(f"a person cannot be read: {error.reason}", place="people", remedy=remedy) from error


def _row(person: Person) -> dict[str, object]:
    return {"id": person.id, "email": folded(person.email), "value": PEOPLE.encode(person)}
