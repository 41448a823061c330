"""The rows of leads at a past pair, folded when they are asked for: what their tables would hold."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from domain.fold.fold import Fold
from projections.history.clusters import WalkedPerson
from projections.queries.told import told
from projections.queries.walked import Clusters
from projections.read_models.family import Family, Subject
from projections.read_models.lead_terms import LEAD_TERMS, tag_lines
from projections.read_models.leads import LEADS
from projections.read_models.scores import SCORES
from store.database.tables import live
from store.events.ids import Ids


class FoldedRows:
    """Folds leads of clusters at one pair by one model. It remembers them: one for each question."""

    def __init__(self, ids: Ids, clusters: Clusters, fold: Fold) -> None:
        self._ids = ids
        self._clusters = clusters
        self._fold = fold
        self._remembered: dict[UUID, Subject] = {}

    def card(self, conn: Connection, lead: UUID) -> Any:
        """The row of `leads` with that of `scores`, and whether it was `announced`; None: there was no such lead."""
        if self._subject(conn, lead) is None:
            return None
        [row], [score] = self.of(conn, LEADS, lead), self.of(conn, SCORES, lead)
        tags = tag_lines(each.term for each in self.of(conn, LEAD_TERMS, lead))
        announced = row.identified and score.hot and told(conn, lead, self._former(conn, lead), self._clock(conn))
        return SimpleNamespace(**vars(score) | vars(row) | {"announced": announced, "due": None, "tags": tags})

    def of(self, conn: Connection, family: Family, lead: UUID) -> Sequence[Any]:
        """A lead's rows of a family; their fields are named as the columns."""
        subject, names = self._subject(conn, lead), family.table(live).columns.keys()
        rows = [] if subject is None else family.rows(self._fold, subject)
        return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]

    def _clock(self, conn: Connection) -> int:
        return self._clusters.clock(conn)

    def _subject(self, conn: Connection, lead: UUID) -> Subject | None:
        if lead not in self._remembered:
            cluster = self._clusters.walked(conn, lead)
            number = None if cluster is None else cluster.number(self._ids, lead)
            if cluster is None or number is None:
                return None
            person = WalkedPerson(cluster.walk, number, cluster.histories[number])
            self._remembered[lead] = person.subject(self._fold, self._ids, self._clock(conn))
        return self._remembered[lead]

    def _former(self, conn: Connection, lead: UUID) -> list[UUID]:
        """Ids that the lead may have had before."""
        cluster = self._clusters.walked(conn, lead)
        number = None if cluster is None else cluster.number(self._ids, lead)
        heads = () if cluster is None or number is None else cluster.walk.people[number].heads
        return [id for id in self._ids.all(heads) if id != lead]
