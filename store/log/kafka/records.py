"""Fetched records unpacked in one loop: kafka-python takes a record through many calls, three objects and its headers.

It hooks into a private class of kafka-python, so it is for the one version that it was tried with; with any other the
library's own way is used, which gives the same entries.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import kafka
from kafka import errors
from kafka.consumer.fetcher import Fetcher
from kafka.protocol.consumer import IsolationLevel

VERSION: Final = "3.0.12"
"""The version of kafka-python whose private parts are known here."""


class Headers(Sequence[tuple[str, bytes]]):
    """The headers of a record, unpacked when somebody looks at them: at a touchpoint's nobody does.

    Equal to a tuple of the same headers. Of nonsense with a right checksum the readable part: a record without its
    headers is worth more than a reader that stops.
    """

    __slots__ = ("_data", "_unpacked")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._unpacked: tuple[tuple[str, bytes], ...] | None = None

    def _all(self) -> tuple[tuple[str, bytes], ...]:
        if self._unpacked is None:
            self._unpacked = _headers(self._data)
        return self._unpacked

    def __len__(self) -> int:
        return len(self._all())

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, Headers) else other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


class Fetched(NamedTuple):
    """What an entry needs of a record; a missing key, value or header value is empty."""

    offset: int
    key: bytes
    value: bytes
    headers: Headers


def unpack_quickly(consumer: Any) -> None:
    """Let a consumer give `Fetched` in place of the library's records, where its version is the known one."""
    if kafka.__version__ == VERSION:
        consumer._fetcher.PartitionRecords = _PartitionRecords


class _PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one partition in one answer of a broker."""

    def _unpack_records(self, tp: Any, records: Any, key_deserializer: Any, value_deserializer: Any) -> Iterator[Any]:
        if self.isolation_level != IsolationLevel.READ_UNCOMMITTED or key_deserializer or value_deserializer:
            yield from super()._unpack_records(tp, records, key_deserializer, value_deserializer)
            return
        while (batch := records.next_batch()) is not None:
            if not batch.validate_crc():
                raise errors.CorruptRecordError(f"{tp} at offset {batch.base_offset}: a batch failed its checksum")
            self.bytes_read += batch.size_in_bytes
            if batch.magic == 2:
                self.leader_epoch = batch.leader_epoch
            if batch.magic < 2 or not batch.is_control_batch:  # a transaction's end is none of the reader's business
                for record in unpacked(batch):
                    self.records_read += 1
                    self.next_fetch_offset = record.offset + 1
                    yield record
            if batch.magic == 2:
                self.next_fetch_offset = batch.next_offset  # compaction may have taken the last records of a batch
        self.drain()


def unpacked(batch: Any) -> Iterator[Fetched]:
    """The records of a batch, one of before Kafka 0.11 as the library reads it. Raises CorruptRecordError."""
    if batch.magic < 2:
        yield from (Fetched(each.offset, each.key or b"", each.value or b"", Headers(b"\x00")) for each in batch)
        return
    iter(batch)  # decompresses
    data, at, base = bytes(batch._buffer), batch._pos, batch.base_offset
    fetched = Fetched._make
    try:
        for _ in range(batch.records_count):
            size, at = _varint(data, at)
            end = at + size
            while data[at] & 0x80:  # attributes: none is in use
                at += 1
            at += 1
            while data[at] & 0x80:  # the time, which every envelope has of its own
                at += 1
            delta, at = _varint(data, at + 1)
            length, at = _varint(data, at)
            key = data[at : at + length] if length > 0 else b""
            at += max(length, 0)
            length, at = _varint(data, at)
            value = data[at : at + length] if length > 0 else b""
            at += max(length, 0)
            if not at < end <= len(data):
                raise ValueError(f"a record of {size} bytes ends elsewhere")
            yield fetched((base + delta, key, value, Headers(data[at:end])))
            at = end
        if at != len(data):
            raise ValueError(f"{len(data) - at} bytes behind the last record")
    except (ValueError, IndexError) as error:
        raise errors.CorruptRecordError(f"batch at offset {base}: {error}") from error


def _headers(data: bytes) -> tuple[tuple[str, bytes], ...]:
    headers = []
    with suppress(ValueError, IndexError):
        count, at = _varint(data, 0)
        for _ in range(count):
            length, at = _varint(data, at)
            name, at = data[at : at + max(length, 0)], at + max(length, 0)
            length, at = _varint(data, at)
            value, at = data[at : at + max(length, 0)], at + max(length, 0)
            if at > len(data):
                break
            headers.append((name.decode("utf-8", "replace"), value))
    return tuple(headers)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag integer of 64 bits at most, and where it ends."""
    byte = data[at]
    at += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at
    number, shift = byte & 0x7F, 7
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at
        shift += 7
        if shift >= 70:
            raise ValueError("an integer beyond 64 bits")
