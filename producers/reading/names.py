"""Names that forms give to the fields about a person: the table of docs/reference/http.md."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from domain.touchpoints.claims import snake_case

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "email": (
        "mail", "your_email", "your_mail", "contact_email", "work_email", "business_email", "company_email",
        "user_email", "customer_email", "lead_email", "email_1", "email1", "emailaddress", "mail_address",
        "email_adresse", "e_mail_adresse", "mailadresse", "correo", "correo_electronico", "correo_electrónico",
        "courriel", "adresse_email", "adresse_e_mail", "indirizzo_email", "posta_elettronica", "endereco_de_email",
        "endereço_de_email", "邮箱", "电子邮箱", "邮箱地址", "电子邮件", "电邮", "邮件", "電子郵件", "信箱",
        "電郵", "メール", "メールアドレス", "이메일", "почта", "электронная_почта", "эл_почта",
    ),
    "phone": (
        "your_phone", "your_tel", "contact_phone", "work_phone", "business_phone", "user_phone", "phone_1",
        "phonenumber", "mobile_phone", "mobile_number", "cell", "cellphone", "cell_phone", "telefon",
        "telefonnummer", "mobiltelefon", "handy", "telefono", "teléfono", "movil", "móvil", "celular",
        "telephone_portable", "téléphone", "portable", "telefone", "手机", "手机号", "手机号码", "电话",
        "电话号码", "联系电话", "联系方式", "手機", "電話", "電話番号", "携帯電話", "전화번호", "휴대폰",
        "телефон",
    ),
    "name": ("your_name", "contact_name", "姓名", "名字", "您的姓名", "联系人", "お名前", "氏名", "이름", "имя"),
    "first_name": ("firstname", "fname", "given_name", "vorname", "prenom", "prénom", "名"),
    "last_name": (
        "lastname", "lname", "surname", "family_name", "nachname", "apellido", "apellidos", "nom_de_famille",
        "姓",
    ),
    "company": (
        "your_company", "company_name", "organisation", "organization_name", "firma", "unternehmen", "empresa",
        "entreprise", "societe", "société", "azienda", "公司", "公司名称", "单位", "企业名称", "公司名稱",
        "会社名", "회사", "компания",
    ),
    "job_title": ("your_title", "jobtitle", "position", "職位", "职位", "职务", "役職"),
}  # fmt: skip
"""Of what a form may ask, the names that are no names of the profile themselves, in snake_case."""

ALIASES: Final = {alias: name for name, aliases in NAMES.items() for alias in aliases}

OTHERS: Final = frozenset(
    {
        "friend", "friends", "refer", "referral", "referrer", "referred", "recipient", "recipients", "to", "cc",
        "bcc", "invite", "invitee", "invited", "manager", "boss", "partner", "colleague", "assistant", "spouse",
        "emergency", "their", "them", "admin", "owner", "sales", "support", "from", "sender", "reply",
    }
)  # fmt: skip
"""Words in the name of a field whose e-mail is somebody else's."""

WRAPPERS: Final = frozenset(
    {
        "field", "fields", "names", "form", "forms", "formular", "webform", "contact", "contacts", "customer", "user",
        "lead", "person", "visitor", "subscriber", "submitted", "submission", "data", "attributes", "properties",
        "values", "item", "input", "response", "answers", "your", "billing", "wpforms", "wpcf7", "mc4wp", "mauticform",
        "jform", "elementor", "formframework", "powermail", "pi1", "tx", "et", "pb", "w", "hs",
    }
)  # fmt: skip
"""Words that form builders put before the name of a field about the person: `fields[email]`, `mauticform[email]`."""

PEOPLE: Final = frozenset({"contact", "contacts", "customer", "user", "lead", "person", "visitor", "subscriber"})
"""Words before a field's name that mean somebody: of a list of them each place is another one."""

_SHORT: Final = 200
"""Characters of a field's name that is remembered."""
_UNCLEAR: Final = frozenset({"name", "title", "address", "role", "state"})
_NUMBER: Final = re.compile(r"q?\d+")
_PARTS: Final = re.compile(r"[\[\]./]+")


def unwrapped(key: str, name: str, known: frozenset[str]) -> str | None:
    """The name of the profile that a field bears behind a form builder's words and numbers; None: it bears none.

    `key` is the field's name as sent, `name` the same in snake_case. `form_name` is the form's,
    `form[name]` a person's.
    """
    return _unwrapped(key, name, known) if len(key) <= _SHORT else _unwrapped.__wrapped__(key, name, known)


@lru_cache(4_000)
def _unwrapped(key: str, name: str, known: frozenset[str]) -> str | None:
    """The forms of a site have the same fields all day."""
    words = name.split("_")
    if not OTHERS.isdisjoint(words):
        return None
    while len(words) > 1 and _NUMBER.fullmatch(words[-1]):
        words.pop()
    outside = ""
    while True:
        inner = "_".join(words)
        if inner in ALIASES:
            return ALIASES[inner]
        if inner in known and not (outside and inner in _UNCLEAR and not _ends_in(key, inner)):
            return inner
        outside = words[0]
        if len(words) == 1 or not (outside in WRAPPERS or _NUMBER.fullmatch(outside)):
            return None
        words.pop(0)


def _ends_in(key: str, inner: str) -> bool:
    """Whether a name in brackets ends in a part of its own that says this: `fields[name]`, not `data[formName]`."""
    parts = [part for part in _PARTS.split(key) if part and not part.isdigit()]
    return len(parts) > 1 and snake_case(parts[-1]).rstrip("_0123456789") == inner
