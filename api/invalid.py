"""What is wrong with a parameter or a body, in the words of every refusal: what was found, and what is allowed."""

from collections.abc import Mapping
from typing import Any

from domain.files.allowed import allowed, said_of
from domain.files.problems import show


def invalid(item: Mapping[str, Any]) -> str:
    """What is to be said of one error that pydantic found."""
    about = item.get("ctx", {})
    match item["type"]:
        case "extra_forbidden":
            return "is not known here: /api/docs lists what is"
        case "json_invalid":
            return f"the body is no JSON ({about.get('error', item['msg'])})"
        case "model_attributes_type":
            return 'the body is no JSON object: send one, such as {"to": "qualified"}'
        case "missing":
            return "is missing; required here"
    is_allowed = allowed(item)
    return said_of(item) if is_allowed is None else f"found {_found(item['input'])}, allowed is {is_allowed}"


def _found(value: Any) -> str:
    """As JSON calls it."""
    match value:
        case {}:
            return "an object"
        case None:
            return "null"
        case _:
            return show(value)
