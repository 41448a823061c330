"""The recorder suites that the eventsourcing library ships, unmodified, on both databases."""

from eventsourcing.persistence import AggregateRecorder, ApplicationRecorder, ProcessRecorder, TrackingRecorder
from eventsourcing.tests import persistence
from eventsourcing.utils import Environment

from store.database.tables import snapshots
from store.events.library.factory import Factory
from store.events.library.recorders import (
    SqlAggregateRecorder,
    SqlApplicationRecorder,
    SqlProcessRecorder,
    SqlTrackingRecorder,
)
from tests.store.contracts import OnDatabase, OnPostgres, OnSqlite


class AggregateSuite(OnDatabase):
    def create_recorder(self) -> AggregateRecorder:
        return SqlAggregateRecorder(self.datastore())


class SnapshotSuite(OnDatabase):
    def create_recorder(self) -> AggregateRecorder:
        return SqlAggregateRecorder(self.datastore(), snapshots)


class ApplicationSuite(OnDatabase):
    def create_recorder(self) -> ApplicationRecorder:
        return SqlApplicationRecorder(self.datastore())


class TrackingSuite(OnDatabase):
    def create_recorder(self) -> TrackingRecorder:
        return SqlTrackingRecorder(self.datastore())


class ProcessSuite(OnDatabase):
    def create_recorder(self) -> ProcessRecorder:
        return SqlProcessRecorder(self.datastore())


class TestAggregateRecorderOnSqlite(AggregateSuite, OnSqlite, persistence.AggregateRecorderTestCase):
    pass


class TestAggregateRecorderOnPostgres(AggregateSuite, OnPostgres, persistence.AggregateRecorderTestCase):
    pass


class TestSnapshotRecorderOnSqlite(SnapshotSuite, OnSqlite, persistence.AggregateRecorderTestCase):
    pass


class TestSnapshotRecorderOnPostgres(SnapshotSuite, OnPostgres, persistence.AggregateRecorderTestCase):
    pass


class TestApplicationRecorderOnSqlite(ApplicationSuite, OnSqlite, persistence.ApplicationRecorderTestCase):
    test_insert_subscribe = persistence.ApplicationRecorderTestCase.optional_test_insert_subscribe


class TestApplicationRecorderOnPostgres(ApplicationSuite, OnPostgres, persistence.ApplicationRecorderTestCase):
    test_insert_subscribe = persistence.ApplicationRecorderTestCase.optional_test_insert_subscribe


class TestTrackingRecorderOnSqlite(TrackingSuite, OnSqlite, persistence.TrackingRecorderTestCase):
    pass


class TestTrackingRecorderOnPostgres(TrackingSuite, OnPostgres, persistence.TrackingRecorderTestCase):
    pass


class TestProcessRecorderOnSqlite(ProcessSuite, OnSqlite, persistence.ProcessRecorderTestCase):
    pass


class TestProcessRecorderOnPostgres(ProcessSuite, OnPostgres, persistence.ProcessRecorderTestCase):
    pass


class TestNonInterleavingOnSqlite(ApplicationSuite, OnSqlite, persistence.NonInterleavingNotificationIDsBaseCase):
    pass


class TestNonInterleavingOnPostgres(ApplicationSuite, OnPostgres, persistence.NonInterleavingNotificationIDsBaseCase):
    pass


class OwnTracking(SqlTrackingRecorder):
    """A subclass that the factory must take by class and by topic."""


class FactorySuite(OnDatabase):
    env: Environment

    def setUp(self) -> None:
        self.env = Environment(
            "Suite", {"PERSISTENCE_MODULE": "store.events.library.factory", "LEADLINE_DATABASE": self.url}
        )
        super().setUp()  # type: ignore[misc]

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return SqlAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return SqlApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return SqlTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return OwnTracking

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return SqlProcessRecorder


class TestFactoryOnSqlite(FactorySuite, OnSqlite, persistence.InfrastructureFactoryTestCase[Factory]):
    pass


class TestFactoryOnPostgres(FactorySuite, OnPostgres, persistence.InfrastructureFactoryTestCase[Factory]):
    pass
