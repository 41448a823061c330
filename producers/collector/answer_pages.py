"""The pages on which an owner answers for a lead: plain, readable on a phone, without scripts. English and Chinese."""

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, Response

from domain.model.sales import NOT_READY
from domain.signals.answer_link import Answered, Invitation, Standing
from domain.touchpoints.touchpoint import moment

NOTE_LIMIT: Final = 1_000
"""Most characters of the note of a rejection."""

_ENGLISH: Final[Mapping[str, str]] = {
    "lead": "A lead", "asked": "Asked: {owner}", "who": "I am", "accept": "Accept", "reject": "Give it back",
    "reason": "Why", "note": "Note", "not_ready": "Not ready yet",
    "accepted": "{by} accepted this lead on {at}.", "rejected": "{by} gave this lead back on {at}.",
    "earlier": "{by} answered this on {at}, and the lead has come back since: please answer by the newer message.",
    "given": "Somebody else has this lead now.", "ended": "Nobody is asked to take this lead any more.",
    "sent": "Your answer was sent. If somebody answered before you, theirs counts.",
    "unknown": "This link is not valid.", "over": "This link has ended.",
    "choose": "This answer is not one of those that are offered. Please go back and choose one.",
    "again": "Your answer could not be kept. Please try again in a moment.", "retry": "Try again",
}  # fmt: skip
_CHINESE: Final[Mapping[str, str]] = {
    "lead": "一条线索", "asked": "负责人：{owner}", "who": "我是", "accept": "接受", "reject": "退回",
    "reason": "原因", "note": "备注", "not_ready": "时机未到",
    "accepted": "{by} 已于 {at} 接受此线索。", "rejected": "{by} 已于 {at} 退回此线索。",
    "earlier": "{by} 已于 {at} 答复，此后线索又被分配回来：请使用较新的消息答复。",
    "given": "此线索已由他人负责。", "ended": "此线索不再需要答复。",
    "sent": "您的答复已发送。如果此前已有人答复，以先答复者为准。",
    "unknown": "此链接无效。", "over": "此链接已失效。",
    "choose": "没有这个选项，请返回重新选择。",
    "again": "暂时无法保存您的答复，请稍后再试。", "retry": "重试",
}  # fmt: skip
_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "zh": _CHINESE}

_STYLE: Final = (
    "body{font:18px/1.6 system-ui,sans-serif;max-width:32rem;margin:8vh auto;padding:0 1rem;color:#111;background:#fff}"
    "h1{font-size:1.5rem;margin:0;overflow-wrap:anywhere}form{margin:1.5rem 0}label{display:block;margin:.75rem 0}"
    "select,textarea,button{font:inherit;width:100%;padding:.7rem;box-sizing:border-box;border:1px solid #888;"
    "border-radius:.5rem;background:#fff;color:#111}button{background:#0a58ca;border-color:#0a58ca;color:#fff}"
    "button.back{background:#fff;color:#111}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
}


def said(language: str, text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A page of one sentence (a name of the texts), which says nothing of any lead."""
    sentence = _TEXTS[language][text]
    return _page(language, sentence, f"<p>{sentence}</p>", status, headers)


def again(language: str, fields: Mapping[str, str], status: int, headers: Mapping[str, str]) -> Response:
    """The page of an answer that was not kept, with a button that sends the same fields once more."""
    texts = _TEXTS[language]
    kept = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    form = f'<form method="post">{kept}<button>{texts["retry"]}</button></form>'
    return _page(language, texts["again"], f"<p>{texts['again']}</p>{form}", status, headers)


def asking(language: str, invitation: Invitation) -> Response:
    """The page with the lead's name, who is asked, and the answers to choose from."""
    texts = _TEXTS[language]
    who = _who(language, invitation)
    reasons = [
        (NOT_READY, texts["not_ready"]),
        *((name, _label(name, label, language)) for name, label in invitation.reasons),
    ]
    options = "".join(_option(name, label) for name, label in reasons)
    form = (
        f'<form method="post">{who}<input type="hidden" name="answer" value="accept">'
        f"<button>{texts['accept']}</button></form>"
        f'<form method="post">{who}<input type="hidden" name="answer" value="reject">'
        f'<label>{texts["reason"]}<select name="reason">{options}</select></label>'
        f'<label>{texts["note"]}<textarea name="note" rows="2" maxlength="{NOTE_LIMIT}"></textarea></label>'
        f'<button class="back">{texts["reject"]}</button></form>'
    )
    return _about(language, invitation, form)


def told(language: str, invitation: Invitation, answered: Answered) -> Response:
    """The page with the lead's name and what became of it."""
    if answered.standing is Standing.WAITING:
        return asking(language, invitation)
    at = "" if answered.at is None else f"{moment(answered.at).astimezone(ZoneInfo(invitation.zone)):%Y-%m-%d %H:%M}"
    sentence = _TEXTS[language][answered.standing].format(by=html.escape(answered.by), at=at)
    return _about(language, invitation, f"<p><b>{sentence}</b></p>")


def sent(language: str, invitation: Invitation) -> Response:
    """The page with the lead's name, where nobody can say (yet) what became of the answer."""
    return _about(language, invitation, f"<p><b>{_TEXTS[language]['sent']}</b></p>")


def _about(language: str, invitation: Invitation, below: str) -> Response:
    texts = _TEXTS[language]
    title = html.escape(invitation.shown) or texts["lead"]
    asked = texts["asked"].format(owner=html.escape(invitation.owner))
    return _page(language, title, f"<h1>{title}</h1><p>{asked}</p>{below}")


def _who(language: str, invitation: Invitation) -> str:
    """Of a team: who answers."""
    if not invitation.members:
        return ""
    options = "".join(_option(name, name) for name in invitation.members)
    return f'<label>{_TEXTS[language]["who"]}<select name="by">{options}</select></label>'


def _option(name: str, label: str) -> str:
    return f'<option value="{html.escape(name)}">{html.escape(label)}</option>'


def _label(name: str, label: str | Mapping[str, str], language: str) -> str:
    if isinstance(label, Mapping):
        label = label.get(language) or label.get("en") or next(iter(label.values()), "")
    return label or name


def _page(
    language: str, title: str, content: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{_STYLE}</style>{content}</html>",
        status,
        {**_HEADERS, **(headers or {})},
    )
