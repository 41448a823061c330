"""Signals in words, in English and Chinese: a headline and few lines that a phone shows at a glance. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, assert_never

from consumers.notify.labels import UNNAMED, Labels
from consumers.notify.parcel import Note, Parcel
from domain.model.labels import called
from domain.signals.kinds import SignalKind
from domain.touchpoints.text import in_a_line

_MOST_REASONS: Final = 5
_TO_ACT_ON: Final = (
    SignalKind.HOT, SignalKind.ASSIGNED, SignalKind.MISSED, SignalKind.FOLLOW_UP, SignalKind.ACTIVE
)  # fmt: skip
_ENGLISH: Final[Mapping[str, str]] = {
    "hot": "Hot lead: {who}{score}", "retracted": "No longer hot: {who}", "cooled": "Cooled: {who}",
    "stage": "{who}: {before} → {after}", "entered": "Now in {segment}: {who}", "left": "No longer in {segment}: {who}",
    "other": "{kind}: {who}", "score": " – {grade}, {heat:.0f}", "heat": " – {heat:.0f}", "grade": " – {grade}",
    "lead": "lead {id}", "of": "{name}, {company}", "entitled": "{name} ({title})", "why": "Why: {reasons}",
    "call": "Reach: {ways}", "unsubscribed": "{email} (unsubscribed {at})",
    "from": "From: {source}", "until": "Hot until {at}", "told": "You were told {at}: {first}",
    "void": "What made it hot no longer counts", "owner": "Owner: {owner}",
    "owner_due": "Owner: {owner}, to accept by {at}", "answer": "Accept or give it back:",
    "test": "TEST – ", "comma": ", ",
    "digest": "{count} messages from {start} to {end}", "more": "and {count} more",
    "assigned": "For {owner}: {who}", "unassigned": "No owner any more: {who} (was {before})", "nobody": "nobody",
    "lost": "No longer yours: {who}",
    "missed_accept": "Not accepted in time by {owner}: {who}", "missed_work": "Nothing done in time by {owner}: {who}",
    "missed_answer": "Not answered in time: {who}", "follow_up": "Follow up: {who}", "active": "{activity}: {who}",
}  # fmt: skip
_CHINESE: Final[Mapping[str, str]] = {
    "hot": "热线索：{who}{score}", "retracted": "不再是热线索：{who}", "cooled": "已降温：{who}",
    "stage": "{who}：{before} → {after}", "entered": "进入“{segment}”：{who}", "left": "离开“{segment}”：{who}",
    "other": "{kind}：{who}", "score": "（{grade} 级，{heat:.0f} 分）", "heat": "（{heat:.0f} 分）",
    "grade": "（{grade} 级）",
    "lead": "线索 {id}", "of": "{name}，{company}", "entitled": "{name}（{title}）", "why": "原因：{reasons}",
    "call": "联系：{ways}", "unsubscribed": "{email}（{at} 已退订邮件）",
    "from": "来源：{source}", "until": "热度保持到 {at}", "told": "{at} 曾通知：{first}",
    "void": "使其变热的行为不再计入", "owner": "负责人：{owner}", "owner_due": "负责人：{owner}，须在 {at} 前接受",
    "answer": "接受或退回：", "test": "测试 – ", "comma": "，",
    "digest": "{start} 至 {end} 共 {count} 条消息", "more": "另有 {count} 条",
    "assigned": "分配给 {owner}：{who}", "unassigned": "不再有负责人：{who}（原为 {before}）", "nobody": "无人",
    "lost": "不再由您负责：{who}",
    "missed_accept": "{owner} 未按时接受：{who}", "missed_work": "{owner} 未按时跟进：{who}",
    "missed_answer": "未按时答复：{who}", "follow_up": "请跟进：{who}", "active": "{activity}：{who}",
}  # fmt: skip
_TO_ACCEPT: Final = (SignalKind.HOT, SignalKind.ASSIGNED)
_WHERE: Final = ("source", "campaign")
_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "zh": _CHINESE}


@dataclass(frozen=True, slots=True)
class Wording:
    """A message for people: what it is about, and what stands below."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """How signals are told in a language and time zone."""

    language: str
    zone: tzinfo
    labels: Labels = UNNAMED

    def told(self, parcel: Parcel, *, answers: bool = True, brief: bool = False) -> Wording:
        """One message: of one signal all that there is to say, of several a paragraph each, newest first.

        Of several without `answers`: without the links by which owners answer; `brief`: a line each.
        """
        test = self._say("test") if parcel.is_test else ""
        if len(parcel.notes) == 1:
            (note,) = parcel.notes
            return Wording(test + self.headline(note), tuple(self._lines(note)))
        newest, oldest = parcel.notes[0], parcel.notes[-1]
        title = self._say("digest", count=len(parcel.notes), start=self._when(oldest.at), end=self._when(newest.at))
        return Wording(test + title, tuple(self._paragraph(note, answers, brief) for note in parcel.notes))

    def lost(self, note: Note) -> Wording:
        """What somebody is told who had the lead: that another has it, who, and no way to answer for it."""
        told = [] if note.first is None else [self._told_before(note.first)]
        owner = self._say("owner", owner=note.text("owner") or self._say("nobody"))
        return Wording(self._say("lost", who=self._who(note)), (*told, owner))

    def text(self, parcel: Parcel, limit: int, size: Callable[[str], int] = len) -> str:
        """The message as one text of at most so many characters, or whatever `size` counts.

        A digest that is longer lacks the links by which owners answer, or has a line a signal; what does not fit then
        is counted.
        """
        told = self.told(parcel)
        is_digest = len(parcel.notes) > 1
        for brief in (False, True) if is_digest else ():
            if size("\n".join([told.title, *told.lines])) > limit:
                told = self.told(parcel, answers=False, brief=brief)
        kept = [_cut(told.title, limit // 2, size)]
        for place, line in enumerate(told.lines):
            rest = len(told.lines) - place
            closing = f"\n{self._say('more', count=rest)}" if is_digest and rest > 1 else ""
            if size("\n".join([*kept, line]) + closing) > limit:
                if not is_digest:
                    continue
                while len(kept) > 1 and size("\n".join([*kept, self._say("more", count=rest)])) > limit:
                    kept.pop()
                    rest += 1
                return "\n".join([*kept, self._say("more", count=rest)])
            kept.append(line)
        return "\n".join(kept)

    def headline(self, note: Note) -> str:
        """What it is about, in one line."""
        who = self._who(note)
        match note.kind:
            case SignalKind.HOT:
                return self._say("hot", who=who, score=self._score(note))
            case SignalKind.RETRACTED:
                return self._say("retracted", who=who)
            case SignalKind.COOLED:
                return self._say("cooled", who=who)
            case SignalKind.STAGE:
                return self._say("stage", who=who, before=self._stage(note, "from"), after=self._stage(note, "to"))
            case SignalKind.ENTERED:
                return self._say("entered", who=who, segment=self._segment(note))
            case SignalKind.LEFT:
                return self._say("left", who=who, segment=self._segment(note))
            case SignalKind.ASSIGNED:
                if owner := note.text("owner"):
                    return self._say("assigned", who=who, owner=owner)
                return self._say("unassigned", who=who, before=note.text("before"))
            case SignalKind.MISSED:
                owner = note.text("owner") or self._say("nobody")
                return self._say(f"missed_{note.text('deadline')}", who=who, owner=owner)
            case SignalKind.FOLLOW_UP:
                return self._say("follow_up", who=who)
            case SignalKind.ACTIVE:
                activity = called(note.data.get("label"), note.text("activity"), self.language)
                return self._say("active", who=who, activity=activity)
            case SignalKind.PROMOTABLE:
                return self._say("other", who=who, kind=note.kind.value)
            case _:
                assert_never(note.kind)

    def _stage(self, note: Note, key: str) -> str:
        name = note.text(key)
        return called(self.labels.stages.get(name), name, self.language)

    def _segment(self, note: Note) -> str:
        name = note.signal.subject
        return called(self.labels.segments.get(name), name, self.language)

    def _paragraph(self, note: Note, answers: bool, brief: bool) -> str:
        """A signal of a digest: when, what, who; if there is room, how to reach whom one must act on, and the link."""
        line = f"{self._when(note.at)} {self.headline(note)}"
        if brief or note.kind not in _TO_ACT_ON:
            return line
        answer = self._answer(note) if answers else []
        return "\n".join([line, *self._ways(note), *answer, *filter(None, [note.text("link")])])

    def _ways(self, note: Note) -> list[str]:
        ways = [way for way in (note.who("phone"), self._email(note)) if way]
        return [self._say("call", ways=", ".join(ways))] if ways else []

    def _email(self, note: Note) -> str:
        """Beside the address stands that they want no more mail: to whom one may write is for people to know."""
        address, at = note.who("email"), _instant(note.who("unsubscribed"))
        return address if not address or at is None else self._say("unsubscribed", email=address, at=self._day(at))

    def _lines(self, note: Note) -> list[str]:
        lines = []
        if note.kind == SignalKind.RETRACTED:
            lines.append(self._say("void"))
        if note.first is not None:
            lines.append(self._told_before(note.first))
        if note.kind == SignalKind.HOT:
            lines += self._about_hot(note)
        lines += self._ways(note)
        lines += self._owner(note)
        lines += self._answer(note)
        if link := note.text("link"):
            lines.append(link)
        return lines

    def _told_before(self, first: Note) -> str:
        return self._say("told", at=self._when(first.at), first=self.headline(first))

    def _owner(self, note: Note) -> list[str]:
        owner, due = note.text("next") or note.text("owner"), _instant(note.text("due"))
        if not owner:
            return []
        if due is None or note.kind not in _TO_ACCEPT:
            return [self._say("owner", owner=owner)]
        return [self._say("owner_due", owner=owner, at=self._when(due))]

    def _answer(self, note: Note) -> list[str]:
        link = note.text("answer_link")
        return [f"{self._say('answer')}\n{link}"] if link else []

    def _about_hot(self, note: Note) -> Sequence[str]:
        lines = []
        if reasons := [self._reason(reason) for reason in note.reasons[:_MOST_REASONS]]:
            lines.append(self._say("why", reasons=self._say("comma").join(reasons)))
        if source := self._source(note.data):
            lines.append(self._say("from", source=source))
        if (cools_at := _instant(note.text("cools_at"))) is not None:
            lines.append(self._say("until", at=self._when(cools_at)))
        return lines

    def _who(self, note: Note) -> str:
        known = note if note.who("name") or note.who("company") or note.first is None else note.first
        name, company, title = known.who("name"), known.who("company"), known.who("title")
        if name and title:
            name = self._say("entitled", name=name, title=title)
        if name and company:
            return self._say("of", name=name, company=company)
        contact = known.who("phone") or known.who("email")
        return name or company or contact or self._say("lead", id=str(note.signal.lead_now)[:8])

    def _score(self, note: Note) -> str:
        grade, heat = note.text("grade"), note.number("heat")
        if heat is None:
            return self._say("grade", grade=grade) if grade else ""
        return self._say("score" if grade else "heat", grade=grade, heat=heat)

    def _reason(self, reason: Mapping[str, Any]) -> str:
        label = called(reason.get("label"), str(reason.get("rule", "")), self.language)
        count, points = reason.get("count"), reason.get("points")
        times = f" ×{count}" if isinstance(count, int) and count > 1 else ""
        earned = f" {points:+.0f}" if isinstance(points, int | float) else ""
        return f"{label}{times}{earned}"

    def _source(self, data: Mapping[str, Any]) -> str:
        """Where the lead came from last, in words."""
        source = data.get("last_source")
        if not isinstance(source, Mapping):
            return ""
        channel = str(source.get("channel", ""))
        channel = called(self.labels.channels.get(channel), channel.replace("_", " "), self.language)
        return " / ".join(
            part for part in (channel, *(in_a_line(str(source.get(key) or "")) for key in _WHERE)) if part
        )

    def _when(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%m-%d %H:%M")

    def _day(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%Y-%m-%d")

    def _say(self, key: str, **values: Any) -> str:
        return _TEXTS[self.language][key].format(**values)


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _cut(text: str, limit: int, size: Callable[[str], int]) -> str:
    if size(text) <= limit:
        return text
    while text and size(text + "…") > limit:
        text = text[:-1]
    return text + "…"


def in_bytes(text: str) -> int:
    """The size of a text in UTF-8."""
    return len(text.encode())


def harmless(text: str) -> str:
    """A text in which no chat finds a mention: a visitor may call themselves `<@all>` or `<at ...>`."""
    return text.replace("<", "‹").replace(">", "›")
