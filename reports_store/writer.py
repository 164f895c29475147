"""The one hand that writes: a thread that takes everybody's changes and commits them in groups."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from reports_store.database import Database, named, named_errors
from reports_store.errors import StoreClosed

Item = TypeVar("Item")
Result = TypeVar("Result")
_GROUP = 256
_ANOTHER_REVISION = sa.text("UPDATE revision SET number = number + 1")


@dataclass
class _Job:
    work: Callable[[sa.Connection, Sequence[Any]], Sequence[Any]]
    item: Any
    done: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.error is None:
            self.done.set_result(self.result)
        else:
            self.done.set_exception(self.error)


class Writer:
    """Callers wait until their change is on disk. One that fails does not disturb the others of its group."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="reports-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do work inside a transaction and return its result once the commit is on disk."""
        return self.together(lambda connection, _: [work(connection)], None)

    def together(
        self, work: Callable[[sa.Connection, Sequence[Item]], Sequence[Result]], item: Item
    ) -> Result:
        """The same for a change that many make at once: work gets the items of all who wait for it.

        Where it raises, each item is tried by itself, so work may only touch the database.
        """
        job = _Job(work, item)
        with self._gate:
            if not self._open:
                raise StoreClosed
            self._jobs.put(job)
        result: Result = job.done.result()
        return result

    def close(self) -> None:
        """Finish what is waiting, then stop."""
        with self._gate:
            if not self._open:
                return
            self._open = False
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            group = [job]
            last = False
            while len(group) < _GROUP and not self._jobs.empty() and not last:
                if (another := self._jobs.get()) is None:
                    last = True
                else:
                    group.append(another)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[_Job]) -> None:
        try:
            with named_errors(), self._database.turn(), self._database.writing.connect() as connection:
                with connection.begin():
                    # First, because this row is a lock as well: on a server it makes the writers of all
                    # processes take turns, and revisions become visible in their order.
                    connection.execute(_ANOTHER_REVISION)
                    for jobs in _by_work(group):
                        _attempt(jobs, connection)
                self._database.committed(connection)
        except BaseException as error:  # nobody else can tell those who wait: without this they wait for ever
            for job in group:
                job.error = error
        for job in group:
            job.settle()


def _by_work(group: list[_Job]) -> Iterable[list[_Job]]:
    sorts: dict[Any, list[_Job]] = {}
    for job in group:
        sorts.setdefault(job.work, []).append(job)
    return sorts.values()


def _attempt(jobs: list[_Job], connection: sa.Connection) -> None:
    try:
        with connection.begin_nested():
            results = jobs[0].work(connection, [job.item for job in jobs])
    except BaseException as error:
        if isinstance(error, DBAPIError) and not isinstance(error, (IntegrityError, DataError)):
            raise  # the disk or the file: the whole group has failed
        if len(jobs) > 1:
            for job in jobs:
                _attempt([job], connection)
        else:  # a fault of one caller's work is told to that caller alone
            jobs[0].error = named(error.orig or error) if isinstance(error, DBAPIError) else error
        return
    for job, result in zip(jobs, results, strict=True):
        job.result = result
