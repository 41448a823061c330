"""What is wrong with a parameter or a body, in the words of every refusal: what was found, and what is allowed."""

from collections.abc import Mapping
from typing import Any, Final

from domain.files.problems import show

_ALLOWED: Final[Mapping[str, str]] = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "too_short": "at least {min_length}",
    "too_long": "at most {max_length}",
    **dict.fromkeys(("int_parsing", "int_parsing_size", "int_type", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "a number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "true or false"),
    "string_type": "a text",
    "list_type": "a list",
    **dict.fromkeys(("dict_type", "mapping_type", "model_type"), "an object"),
}
"""What is allowed, by the kind of an error that pydantic finds."""


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
        case "value_error":
            return str(item["msg"]).removeprefix("Value error, ")
        case kind if kind in _ALLOWED:
            return f"found {_found(item['input'])}, allowed is {_ALLOWED[kind].format(**about)}"
        case _:
            return str(item["msg"])


def _found(value: Any) -> str:
    """As JSON calls it."""
    match value:
        case {}:
            return "an object"
        case None:
            return "null"
        case _:
            return show(value)
