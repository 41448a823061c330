"""The active model: the row activated last, parsed once a process, and since when it is active."""

from sqlalchemy import Connection

from domain.model.definition import parse_model
from store.database.database import Database
from store.models import active_model, model_at, record_activation

LEAD = '[[stages]]\nname = "lead"\n'
LABELLED = LEAD + '[[stages]]\nname = "customer"\nlabel = "Our customers"\n'
OTHER = LEAD + '[[stages]]\nname = "customer"\n'


def activated_at(conn: Connection) -> int:
    model = active_model(conn)
    assert model is not None
    return model.activated_at


def test_none_is_active_before_the_first_activation(database: Database) -> None:
    with database.transaction() as conn:
        assert active_model(conn) is None


def test_the_last_activated_is_active_and_parsed_once(database: Database) -> None:
    with database.transaction() as conn:
        for at, text in ((5, LEAD), (6, OTHER)):
            record_activation(conn, parse_model(text), at)
        first = active_model(conn)
        assert first is not None and (first.text, first.activated_at) == (OTHER, 6)
        assert active_model(conn) is first


def test_it_is_active_since_the_first_activation_in_a_row_that_the_fold_cannot_tell_from_the_last(
    database: Database,
) -> None:
    with database.transaction() as conn:
        record_activation(conn, parse_model(OTHER), 1)
        record_activation(conn, parse_model(LEAD), 2)
        record_activation(conn, parse_model(OTHER), 3)
        record_activation(conn, parse_model(LABELLED), 4)
        assert activated_at(conn) == 3
        record_activation(conn, parse_model(LEAD), 5)
        assert activated_at(conn) == 5


def test_of_an_instant_it_is_the_one_that_was_active_then_and_before_all_the_first(database: Database) -> None:
    with database.transaction() as conn:
        for at, text in ((5, LEAD), (7, OTHER), (8, LABELLED), (9, LEAD)):
            record_activation(conn, parse_model(text), at)
        models = [model_at(conn, instant) for instant in (0, 5, 6, 7, 8, 9, 10)]
    assert [model.activated_at for model in models] == [5, 5, 5, 7, 7, 9, 9]
    assert [model.text for model in models[3:5]] == [OTHER, LABELLED]
