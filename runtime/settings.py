"""Settings: from environment variables and a settings file, checked whole, with errors that say what to do."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, PlainValidator, SecretStr, ValidationError

from domain.errors import Problems, Refused
from domain.files.allowed import allowed, said_of
from domain.files.durations import DAY, parse_duration
from domain.signals.answer_link import LinkKeys, Links
from domain.touchpoints.mail_link import MailLinkKeys
from producers.collector.keys import WriteKeys
from producers.collector.sites import Sites
from producers.reading.conventions import Conventions
from runtime import setting_values as parse
from runtime.setting_names import PREFIX, did_you_mean, unknown
from runtime.text_files import read_text_file
from store.past_views import Keeping

FILE_VARIABLE: Final = "LEADLINE_SETTINGS"
FILE_NAME: Final = "leadline-settings.toml"


class SettingsError(Problems):
    """Settings that cannot be used."""


class Settings(BaseModel):
    """Every setting. Each is the environment variable `LEADLINE_` + its name, or its name in the settings file."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid", hide_input_in_errors=True)

    model: Annotated[Path, Field(description="model file")] = Path("leadline.toml")
    data: Annotated[Path, Field(description="folder of the embedded mode, of the spool and of locks")] = Path(
        "leadline-data"
    )
    database: Annotated[
        SecretStr | None,
        BeforeValidator(parse.database),
        Field(description="postgresql:// URL of event store and read models; none: SQLite in the data folder"),
    ] = None
    kafka: Annotated[
        tuple[str, ...], BeforeValidator(parse.kafka), Field(description="Kafka bootstrap servers; none: the SQL log")
    ] = ()
    bind: Annotated[parse.Bind, BeforeValidator(parse.bind), Field(description="HOST:PORT to listen on")] = parse.Bind(
        "127.0.0.1", 8787
    )
    write_keys: Annotated[
        WriteKeys,
        PlainValidator(parse.write_keys),
        Field(description="NAME:public:KEY or NAME:server:KEY, comma-separated; none: any key, on loopback only"),
    ] = WriteKeys({})
    sites: Annotated[
        Sites,
        PlainValidator(parse.sites),
        Field(
            description="origins that forms and pixels come from and redirect to, none of them a lead's source; "
            "none: any, on loopback only"
        ),
    ] = Sites(frozenset())
    region: Annotated[
        str | None,
        BeforeValidator(parse.region),
        Field(description="region of national phone numbers, such as DE; none: only international ones name anybody"),
    ] = None
    forms: Annotated[
        Mapping[str, Mapping[str, str]] | None,
        PlainValidator(parse.forms),
        Field(description="FORM:FIELD:NAME, comma-separated: what a form's fields say of the person (FORM * is any)"),
    ] = None
    api_token: Annotated[
        SecretStr | None,
        Field(
            description="an admin's bearer token, beside those of `leadline token`; without any only this machine may "
            "ask /api",
            min_length=8,
        ),
    ] = None
    proxies: Annotated[
        tuple[str, ...],
        BeforeValidator(parse.proxies),
        Field(
            description="addresses of proxies whose X-Forwarded-For, X-Forwarded-Proto and login_header are believed"
        ),
    ] = ("127.0.0.1", "::1")
    login_header: Annotated[
        str | None,
        BeforeValidator(parse.header),
        Field(
            description="header in which a proxy says who is logged in (the name of a token), such as "
            "X-Forwarded-Email; none: no proxy does"
        ),
    ] = None
    public_url: Annotated[
        str | None,
        BeforeValidator(parse.public_url),
        Field(description="address under which people open Leadline: signals link to their leads; none: no links"),
    ] = None
    link_key: Annotated[
        tuple[SecretStr, ...],
        BeforeValidator(parse.link_key),
        Field(description="keys of links to owners and in mails, comma-separated: the first seals; none: no links"),
    ] = ()
    id_key: Annotated[
        SecretStr | None,
        BeforeValidator(parse.id_key),
        Field(description="overrides the id key that the database keeps; never change it for recorded data"),
    ] = None
    spool_limit: Annotated[
        ByteSize, Field(description="disk budget of the spool before Kafka, such as 2GiB", ge=1_000_000)
    ] = ByteSize(4 * 1024**3)
    claims_back: Annotated[
        str,
        BeforeValidator(parse.duration),
        Field(description="how long ago a claim (by a public key) may say that something happened, such as 48h or 7d"),
    ] = "48h"
    kept_header: Annotated[
        int,
        Field(description="characters that are kept of a request's User-Agent, and of its Referer", ge=100, le=8_000),
    ] = 2_000
    queue_limit: Annotated[
        ByteSize, Field(description="size of what waits for the log in memory; more is answered 429", ge=1_000_000)
    ] = ByteSize(64 << 20)
    connections: Annotated[
        int | None,
        Field(
            description="connections at the same time, others are answered 503; none: as open files allow, up to 10000",
            ge=1,
        ),
    ] = None
    streams: Annotated[
        int, Field(description="streams of signals open at the same time, others are answered 503", ge=1)
    ] = 200
    head_seconds: Annotated[
        float, Field(description="seconds in which a request's line and headers must be here", ge=0.1, le=3_600)
    ] = 15.0
    body_seconds: Annotated[
        float, Field(description="seconds in which a request's body must be here, after its headers", ge=0.1, le=3_600)
    ] = 30.0
    head_limit: Annotated[
        ByteSize, Field(description="size of a request's line and headers", ge=4_096, le=1_048_576)
    ] = ByteSize(65_536)
    workers: Annotated[
        int | str | None,
        BeforeValidator(parse.workers),
        Field(
            description="who does work over the whole history: a number of processes, or a Dask cluster's "
            "tcp://HOST:PORT; none: the command itself"
        ),
    ] = None
    past_views: Annotated[
        int, Field(description="past views that are kept: the one that was not used for longest goes", ge=1, le=100)
    ] = 3
    past_views_days: Annotated[int, Field(description="days after which a past view goes", ge=1, le=3_650)] = 7
    log: Annotated[
        Literal["auto", "text", "json"], Field(description="log lines: text, json, auto (text on a terminal)")
    ] = "auto"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="least level of log lines; commands other than servers log warnings"),
    ] = "info"

    @property
    def id_key_bytes(self) -> bytes | None:
        """The key as bytes: 32 or more hexadecimal digits are read as such, anything else as its UTF-8 text."""
        if self.id_key is None:
            return None
        text = self.id_key.get_secret_value()
        if len(text) >= 32:
            try:
                return bytes.fromhex(text)
            except ValueError:
                pass
        return text.encode()

    @property
    def conventions(self) -> Conventions:
        """How what sources leave open is read."""
        back = parse_duration(self.claims_back)
        return Conventions(self.region or "", self.forms or {}, back, self.sites.hosts, self.sites.origins)

    @property
    def links(self) -> Links:
        """Where people read about leads, and how their owners answer."""
        secrets = [key.get_secret_value() for key in self.link_key]
        return Links(self.public_url, LinkKeys(secrets) if secrets else None)

    @property
    def mail_keys(self) -> MailLinkKeys | None:
        """Of links in mails; None: there are none."""
        return MailLinkKeys([key.get_secret_value() for key in self.link_key]) if self.link_key else None

    @property
    def keeping(self) -> Keeping:
        """How many past views are kept, and how long."""
        return Keeping(self.past_views, self.past_views_days * DAY)

    @property
    def token(self) -> str | None:
        """The API's bearer token in the clear."""
        return None if self.api_token is None else self.api_token.get_secret_value()

    @property
    def database_url(self) -> str:
        """Where event store and read models are: PostgreSQL, or the SQLite file in the data folder."""
        if self.database is not None:
            return self.database.get_secret_value()
        return f"sqlite:///{(self.data / 'leadline.db').absolute()}"

    def refuse_open_access(self) -> None:
        """Raise SettingsError where others than this machine could reach a door that asks for nothing. `/api` is none:
        without a token it is closed to them."""
        if self.bind.loopback:
            return
        needed = []
        if self.write_keys.open:
            needed.append("LEADLINE_WRITE_KEYS (NAME:public:KEY or NAME:server:KEY)")
        if self.sites.open:
            needed.append("LEADLINE_SITES (origins such as https://www.example.com)")
        if needed:
            problem = f"LEADLINE_BIND: {self.bind} can be reached by others, which needs {', '.join(needed)}"
            raise SettingsError([problem + "; or bind to 127.0.0.1"])

    def shown(self) -> dict[str, str]:
        """Each variable and its value for people to read, without secrets."""
        said = {
            "database": parse.without_password(self.database_url),
            "write_keys": ",".join(f"{source.name}:{source.kind}:***" for source in self.write_keys.sources.values()),
            "sites": ",".join(sorted(self.sites.origins)),
            "forms": ",".join(
                f"{form}:{field}:{name}"
                for form, fields in (self.forms or {}).items()
                for field, name in fields.items()
            ),
        }
        values = {name: said[name] if name in said else _shown(getattr(self, name)) for name in Settings.model_fields}
        return {PREFIX + name.upper(): value for name, value in values.items()}


def _shown(value: object) -> str:
    """The value of a setting for people to read."""
    match value:
        case None:
            return ""
        case SecretStr():
            return "***"
        case ByteSize():
            return value.human_readable()
        case parse.Bind():
            return str(value)
        case tuple():
            return ",".join(map(_shown, value))
        case float():
            return f"{value:g}"
        case _:
            return str(value)


VARIABLES: Final = (*(PREFIX + name.upper() for name in Settings.model_fields), FILE_VARIABLE)
"""Every environment variable that settings know."""


def read_settings(environment: Mapping[str, str] | None = None, **flags: Any) -> Settings:
    """Settings from flags (None: not given), else environment, else settings file, else default.

    Raises SettingsError, which lists every problem, not only the first.
    """
    environment = os.environ if environment is None else environment
    problems = unknown(environment, VARIABLES)
    values, places = _from_file(environment, problems)
    for name in Settings.model_fields:
        if text := environment.get(PREFIX + name.upper()):
            values[name], places[name] = text, PREFIX + name.upper()
        if flags.get(name) is not None:
            values[name], places[name] = flags[name], "--" + name.replace("_", "-")
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(problems + _value_problems(error, values, places)) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _from_file(environment: Mapping[str, str], problems: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    file_setting = environment.get(FILE_VARIABLE)
    path = Path(file_setting or FILE_NAME)
    if not file_setting and not path.is_file():
        return {}, {}
    try:
        settings_given = tomllib.loads(read_text_file(path))
    except Refused as error:
        problems.append(f"{FILE_VARIABLE}: {error}")
        return {}, {}
    except tomllib.TOMLDecodeError as error:
        problems.append(f"settings file {path}: not TOML: {error}")
        return {}, {}
    names = tuple(Settings.model_fields)
    for name in sorted(set(settings_given) - set(names)):
        problems.append(f"settings file {path}: {name}: no such setting{did_you_mean(name, names)}")
    values = {name: value for name, value in settings_given.items() if name in names}
    return values, {name: f"settings file {path}: {name}" for name in values}


_SECRET: Final = frozenset({"database", "write_keys", "api_token", "public_url", "link_key", "id_key"})
"""What is not repeated where it is wrong; an address of people's may have a password in it by mistake."""
_ALLOWED: Final = {
    "model": "the path of a file",
    "data": "the path of a folder",
    "api_token": "a text of at least 8 characters",
    "spool_limit": "a size of at least 1MB, such as 500MB or 2GiB",
    "kept_header": "a whole number from 100 to 8000",
    "queue_limit": "a size of at least 1MB",
    **dict.fromkeys(("connections", "streams"), "a whole number from 1"),
    **dict.fromkeys(("head_seconds", "body_seconds"), "seconds from 0.1 to 3600"),
    "head_limit": "a size from 4KiB to 1MiB",
    "log": "auto, text or json",
    "log_level": "debug, info, warning or error",
}
"""Said whatever is wrong with the value, as one thing may be wrong with its text and another with its size."""


def _value_problems(error: ValidationError, values: Mapping[str, object], places: Mapping[str, str]) -> list[str]:
    problems = []
    for item in error.errors(include_url=False, include_input=False):
        name = str(item["loc"][0])
        found = "" if name in _SECRET else f"found {values.get(name)!r}, "
        what = _ALLOWED.get(name) or allowed(item)
        message = f"allowed is {what}" if what else said_of(item)
        place = places.get(name, PREFIX + name.upper())
        problems.append(message if message.startswith(place) else f"{place}: {found}{message}")
    return problems
