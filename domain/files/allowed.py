"""What is allowed in place of a value, by the kind of the error that pydantic finds: our words, not a library's."""

from collections.abc import Mapping
from typing import Any, Final

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


def allowed(error: Mapping[str, Any]) -> str | None:
    """What is allowed where pydantic found this error; None: only its message says so."""
    template = _ALLOWED.get(error["type"])
    return None if template is None else template.format(**error.get("ctx", {}))


def said_of(error: Mapping[str, Any]) -> str:
    """The message of an error without what pydantic puts before that of a check of ours."""
    return str(error["msg"]).removeprefix("Value error, ")
