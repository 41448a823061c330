"""The AsyncAPI document of Leadline's topics, made from the schemas that the code validates with."""

from importlib.metadata import version
from typing import Any, Final

import yaml

from domain.model.destinations import PERSON
from domain.signals.kinds import TRAITS, Datum, SignalKind
from domain.touchpoints.envelope import Envelope
from projections.queries.shapes import SignalShape
from scripts.examples import example
from store.log.cloudevents import JSON, RAW, SOURCE
from store.log.rejection import TYPE
from store.log.topics import OUT, REJECTED, TOUCHPOINTS

_KINDS: Final = {topic: [kind for kind, traits in TRAITS.items() if traits.topic == topic] for topic in OUT}
"""The kinds of signals that each topic carries."""

_TEXT: Final = {"type": "string"}

_DATA: Final[dict[str, dict[str, Any]]] = {
    "text": _TEXT,
    "number": {"type": "number"},
    "instant": {**_TEXT, "format": "date-time"},
    "flag": {"type": "boolean"},
    "label": {"type": ["string", "object"], "description": "a text, or texts by language"},
    "reasons": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "rule": _TEXT,
                "label": {"type": ["string", "object", "null"], "description": "a text, or texts by language"},
                "count": {"type": "integer"},
                "points": {"type": "number", "description": "given in all"},
                "now": {"type": "number", "description": "what is left of them"},
                "last": {**_TEXT, "format": "date-time"},
                "touchpoint": {**_TEXT, "description": "the id of the last one"},
            },
            "required": ["rule", "label", "count", "points", "now", "last", "touchpoint"],
        },
    },
    "person": {
        "type": "object",
        "properties": {
            **{name: {"type": ["string", "null"]} for name in PERSON},
            "unsubscribed": {"type": ["string", "null"], "format": "date-time"},
        },
        "required": list(PERSON),
    },
    "source": {"type": "object", "additionalProperties": _TEXT, "required": ["channel", "since"]},
}
"""The schema of each type of a signal's data."""


def asyncapi() -> str:
    """`asyncapi.yaml`: AsyncAPI 3.0, with the JSON Schemas of what the topics carry."""
    schemas: dict[str, Any] = {}
    envelope = _schema(Envelope, schemas)
    signal = _schema(SignalShape, schemas, "serialization")
    _without(schemas[SignalShape.__name__], "position")  # in a message it is a header
    messages = {
        "touchpoint": _touchpoint(envelope),
        "rejection": _rejection(),
        **{_name(kind): _signal(kind, signal) for kinds in _KINDS.values() for kind in kinds},
    }
    carried = {TOUCHPOINTS: ["touchpoint"], REJECTED: ["rejection"]}
    carried |= {topic: [_name(kind) for kind in kinds] for topic, kinds in _KINDS.items()}
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Leadline",
            "version": version("leadline"),
            "description": "Made from the code by `make docs`. What the topics mean: topics.md.",
        },
        "defaultContentType": "application/json",
        "channels": {_channel(topic): _carrying(topic, names) for topic, names in carried.items()},
        "operations": {
            f"{_verb(topic)}-{_channel(topic)}": {
                "action": _verb(topic),
                "channel": {"$ref": f"#/channels/{_channel(topic)}"},
            }
            for topic in carried
        },
        "components": {"messages": messages, "schemas": schemas},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _schema(model: Any, into: dict[str, Any], mode: str = "validation") -> dict[str, str]:
    """Put a model's schema and those it refers to among the components; a reference to it."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}", mode=mode)
    for name, part in schema.pop("$defs", {}).items():
        into[name] = part
    into[model.__name__] = schema
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _without(schema: dict[str, Any], name: str) -> None:
    del schema["properties"][name]
    schema["required"].remove(name)


def _channel(topic: str) -> str:
    return topic.replace(".", "-")


def _verb(topic: str) -> str:
    """What Leadline does on the topic."""
    return "receive" if topic == TOUCHPOINTS else "send"


def _name(kind: SignalKind) -> str:
    return kind.value.replace(".", "-")


def _carrying(topic: str, names: list[str]) -> dict[str, Any]:
    return {"address": topic, "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names}}


def _keyed(description: str) -> dict[str, Any]:
    return {"kafka": {"key": {"type": "string", "description": description}}}


def _cloud_event(type: dict[str, Any], source: dict[str, Any], id: str, content: str = JSON) -> dict[str, Any]:
    """The headers of CloudEvents 1.0 in binary mode, as `store.log.cloudevents` writes them."""
    return {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**_TEXT, "description": id},
        "ce_type": type,
        "ce_source": source,
        "ce_time": {**_TEXT, "format": "date-time"},
        "content-type": {"const": content},
    }


def _touchpoint(payload: dict[str, str]) -> dict[str, Any]:
    type = {**_TEXT, "description": "the envelope's type"}
    source = {**_TEXT, "format": "uri-reference", "description": "/leadline/sources/KIND/NAME"}
    about = "Written by every door; the recorder reads the value alone, so that a producer may leave them out."
    return {
        "summary": "One thing a person did, as a source reports it (CloudEvents 1.0, binary mode)",
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "description": about,
            "properties": _cloud_event(type, source, "the envelope's id"),
        },
        "payload": payload,
        "bindings": _keyed("the trail's identity as kind:value"),
    }


def _rejection() -> dict[str, Any]:
    headers = {
        **_cloud_event({"const": TYPE}, {"const": SOURCE}, "the id of the row in the table `rejected`", RAW),
        "leadline.door": {**_TEXT, "description": "which door refused it"},
        "leadline.reason": {**_TEXT, "description": "what was wrong and what is allowed"},
        "leadline.source": {**_TEXT, "description": "kind:name of the source"},
        "leadline.meta": {**_TEXT, "description": "JSON: what a replay needs"},
        "__connect.errors.exception.message": {
            **_TEXT,
            "description": "the reason, where dead-letter tools look for it",
        },
    }
    return {
        "summary": "What was refused, as it came (CloudEvents 1.0, binary mode)",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": headers},
        "payload": {"description": "the raw bytes"},
    }


def _signal(kind: SignalKind, fields: dict[str, str]) -> dict[str, Any]:
    headers = {
        **_cloud_event({"const": kind.value}, {"const": SOURCE}, "the signal's id: drop what you have seen"),
        "ce_subject": {**_TEXT, "description": "the lead under which it was announced"},
        "leadline_position": {**_TEXT, "description": "place in the ledger"},
    }
    return {
        "summary": f"{TRAITS[kind].about} (CloudEvents 1.0, binary mode)",
        "contentType": "application/json",
        "headers": {"type": "object", "properties": headers, "required": list(headers)},
        "payload": {"allOf": [fields, _bears(TRAITS[kind].data)]},
        "bindings": _keyed("the lead"),
        "examples": [dict(zip(("headers", "payload"), example(kind), strict=True))],
    }


def _bears(data: tuple[Datum, ...]) -> dict[str, Any]:
    """The schema of what a kind of signal bears beside the fields of all."""
    return {
        "type": "object",
        "properties": {datum.name: _type(datum) for datum in data},
        "required": [datum.name for datum in data if datum.always],
    }


def _type(datum: Datum) -> dict[str, Any]:
    schema = _DATA[datum.type]
    null = {"type": [schema["type"], "null"]} if datum.null else {}
    return {**schema, **null, "description": datum.about}
