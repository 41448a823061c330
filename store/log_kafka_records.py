"""Fetched records unpacked in one loop: kafka-python's own takes a record through eleven calls and three objects.

It hooks into a private class of kafka-python, so it is for the one version that it was tried with; with any other the
library's own way is used, which gives the same entries.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import kafka
from kafka import errors
from kafka.consumer.fetcher import Fetcher
from kafka.protocol.consumer import IsolationLevel

VERSION: Final = "3.0.12"
"""The version of kafka-python whose private parts are known here."""


class Fetched(NamedTuple):
    """What an entry needs of a record; a missing key, value or header value is empty."""

    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


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
            if batch.magic < 2:
                raise errors.UnsupportedVersionError(
                    f"{tp} at offset {batch.base_offset}: records of before Kafka 0.11"
                )
            self.leader_epoch = batch.leader_epoch
            if not batch.is_control_batch:  # a transaction's end is none of the reader's business
                for record in unpacked(batch):
                    self.records_read += 1
                    self.next_fetch_offset = record.offset + 1
                    yield record
            self.next_fetch_offset = batch.next_offset  # compaction may have taken the last records of a batch
        self.drain()


def unpacked(batch: Any) -> Iterator[Fetched]:
    """The records of a `DefaultRecordBatch` (format 2). Raises CorruptRecordError."""
    iter(batch)  # decompresses
    data, at, base = bytes(batch._buffer), batch._pos, batch.base_offset
    names: dict[bytes, str] = {}
    made = Fetched._make
    try:
        for _ in range(batch.records_count):
            size, at = _varint(data, at)
            end = at + size
            at += 1  # attributes: none is in use
            while data[at] & 0x80:  # the time, which every envelope has of its own
                at += 1
            delta, at = _varint(data, at + 1)
            length, at = _varint(data, at)
            key = data[at : at + length] if length > 0 else b""
            at += max(length, 0)
            length, at = _varint(data, at)
            value = data[at : at + length] if length > 0 else b""
            at += max(length, 0)
            headers, at = _headers(data, at, names)
            if at != end:
                raise ValueError(f"a record of {size} bytes ends {at - end} bytes behind its end")
            yield made((base + delta, key, value, headers))
        if at != len(data):
            raise ValueError(f"{len(data) - at} bytes behind the last record")
    except (ValueError, IndexError) as error:
        raise errors.CorruptRecordError(f"batch at offset {base}: {error}") from error


def _headers(data: bytes, at: int, names: dict[bytes, str]) -> tuple[tuple[tuple[str, bytes], ...], int]:
    """The headers of a record, and where they end; `names` are those met before."""
    count, at = _varint(data, at)
    if count < 0:
        raise ValueError("less than no headers")
    headers = []
    for _ in range(count):
        length = data[at]
        at += 1
        if length & 0x81:
            length, at = _varint(data, at - 1)
            if length < 0:
                raise ValueError("a header without a name")
        else:
            length >>= 1
        raw = data[at : at + length]
        at += length
        name = names.get(raw)
        if name is None:
            name = names[raw] = raw.decode()
        length = data[at]
        at += 1
        if length & 0x81:
            length, at = _varint(data, at - 1)
            length = max(length, 0)
        else:
            length >>= 1
        headers.append((name, data[at : at + length]))
        at += length
    return tuple(headers), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag integer of 64 bits at most, and where it ends."""
    byte = data[at]
    at += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at
    found, shift = byte & 0x7F, 7
    while True:
        byte = data[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (found >> 1) ^ -(found & 1), at
        shift += 7
        if shift >= 70:
            raise ValueError("an integer beyond 64 bits")
