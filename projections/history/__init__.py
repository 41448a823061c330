"""Work over the whole history: one pure function of (exported view, ranges of it), run on a standard `Executor`.

A task is a function at module level whose arguments and result can be pickled and are small: the source first (where
to read: `attached()` gives a connection that sees what all others see), then what it shall read, such as ranges of
clusters (`clusters.py`) or of positions. It opens what it needs, keeps nothing, writes nothing, and answers with
counts, sums and examples that can be put together in any order. So it may be run twice, on any machine, and every
engine gives the same.

    with exported(database, apart=engine.apart) as view, Work(engine) as work:
        at = read_progress(view.conn)
        arguments = ((view.source, model.text, within, at) for within in ranges(view.conn, 10_000))
        for part in work.each(_task, arguments):
            total.add(part)
            report(total.touchpoints, at.position)

    def _task(source: TaskSource, text: str, within: Range, at: Progress) -> Part:
        with source.attached() as (database, conn):
            ids, fold = Ids(database.id_key()), Fold(parse_model(text))
            for people in people_in(database, conn, ids, within, at):
                for person in people:
                    subject = person.subject(fold, ids, at.clock)

Who reports may raise to end the work: what is under way is waited for, what waits is dropped, nothing was changed.
Engines: `INLINE` (in this process, the default), `Pool(4)`, `Dask("tcp://host:8786")`; runtime chooses by
LEADLINE_WORKERS.
"""
