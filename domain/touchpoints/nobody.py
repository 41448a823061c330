"""Spellings of null: what programs and templates write into an id when they know nobody."""

import re
import unicodedata
from typing import Final

_WORDS: Final = frozenset(
    {"null", "nil", "none", "undefined", "nan", "nat", "na", "n/a", "n.a.", "#n/a", "#null!", "#ref!", "#value!", "\\n",
     "false", "true", "void", "empty", "blank", "missing", "unset", "not set", "not_set", "notset", "(not set)",
     "not available", "not provided", "not_provided", "not applicable", "no value", "unknown", "unknown user",
     "anonymous", "anonymous user", "anonymous_user", "anon", "guest", "guest user", "nobody", "no one", "inf",
     "infinity", "object", "object object", "object undefined", "object null", "dbnull", "system.dbnull", "nothing",
     "unbekannt", "anonym", "gast", "inconnu", "anonyme", "desconocido", "anonimo", "anónimo", "неизвестно", "аноним",
     "未知", "无", "無", "空", "匿名", "匿名用户", "游客", "訪客", "访客", "未登录", "不明", "ゲスト", "익명"}
)  # fmt: skip
_LONGEST_WORD: Final = max(map(len, _WORDS))
_NAMES: Final = frozenset(
    {"id", "uid", "user", "userid", "username", "customer", "customerid", "contact", "contactid", "client", "clientid",
     "visitor", "visitorid", "anonymousid", "anonymous", "cookie", "cookieid", "deviceid", "leadid", "memberid",
     "subscriberid", "email", "emailaddress", "mail", "phone", "phonenumber", "mobile", "tel", "name", "value",
     "yourid", "youremail", "yourname", "insertid"}
)  # fmt: skip
"""What a template's field is called, without what joins its words."""

_TEMPLATE: Final = re.compile(
    r"\{\{.*\}\}|\{%.*%\}|<%.*%>|\$\{.*\}|#\{.*\}|\[\[.*\]\]|\*\|.*\|\*|%%.*%%|%[A-Za-z_][\w.-]*%|\$\(.*\)"
    r"|__[A-Za-z][A-Za-z0-9_]*__|%7B%7B.*%7D%7D",
    re.IGNORECASE | re.DOTALL,
)
"""A field of a template that was never filled in: Jinja and Handlebars, ERB, shells, Mailchimp, ad servers."""

_WRAPPED: Final = re.compile(
    r"""(?:\((.*)\)|<(.*)>|\[(.*)\]|\{(.*)\}|"(.*)"|'(.*)'|`(.*)`|“(.*)”|‘(.*)’|「(.*)」)\Z""", re.DOTALL
)
_ZERO: Final = re.compile(r"[-+]?0[0.,\-]*(?:e[-+]?0+)?\Z|[-+]?0x0+\Z", re.IGNORECASE)
_MINUS_ONE: Final = re.compile(r"-1(?:[.,]0*)?\Z")
_JOINS: Final = re.compile(r"[\s_.:\-]+")
_LONGEST: Final = 200
"""Characters up to which a value may be a spelling of null."""


def is_word(text: str) -> bool:
    """Whether a text is a word for nobody, such as `null`, in any case."""
    return len(text) <= _LONGEST_WORD and text.lower() in _WORDS


def names_nobody(text: str) -> bool:
    """Whether a trimmed text is a spelling of null, a number that programs use for it, or has no letter and no digit.

    Compared without case, width, and quotes or brackets around.
    """
    if len(text) > _LONGEST:
        return False
    text = unicodedata.normalize("NFKC", text).casefold().strip()
    wrapped = False
    while True:
        if _bare_null(text) or _TEMPLATE.fullmatch(text) is not None:
            return True
        if not any(map(_says, text)):
            return True
        inner = _WRAPPED.match(text)
        if inner is None:
            return wrapped and _JOINS.sub("", text) in _NAMES
        text, wrapped = next(part for part in inner.groups() if part is not None).strip(), True


def _bare_null(text: str) -> bool:
    return text in _WORDS or (text[:1] in "0-+" and (_ZERO.match(text) or _MINUS_ONE.match(text)) is not None)


def _says(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) in ("Mn", "Mc", "So")
