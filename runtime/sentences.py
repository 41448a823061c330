"""What the command line says of a lead, in English and Chinese. Names of columns and codes are the same in both."""

from collections.abc import Mapping
from typing import Final

_ENGLISH: Final[Mapping[str, str]] = {
    "comma": ", ", "stop": "; ",
    "heat_title": "Heat {heat}, halves every {half_life}", "withheld_title": "What gave nothing",
    "timeline_title": "Timeline, newest first (times in {zone})",
    "leads_title.heat": "Leads, hottest first (times in {zone})",
    "leads_title.last_seen": "Leads, last seen first (times in {zone})",
    "leads_title.stage_since": "Leads, last moved first (times in {zone})",
    "leads_title.name": "Leads, by name (times in {zone})",
    "leads_counted": "leads: {count}",
    "limit_until": "limit reached until {at}", "limit": "limit reached", "reset": "before a reset",
    "machine": "machine: {how}", "by_machine": "nothing: a machine ({how})",
    "honeypot": "honeypot", "reported": "reported", "bot": "known bot {name}",
    "rule_withheld": "{rule}: {why}", "moved": "{before} > {after}", "not_moved": "no move: {why}",
    "already_there": "already there", "only_forward": "only forward", "in_detour": "in detour",
    "unknown_stage": "unknown stage", "nothing_withdrawn": "nothing withdrawn",
    "moved_since": "moved on since it was given back",
    "never.model": "never: the model has no hot_at", "never.excluded": "never while not a lead: {reason}",
    "never.stage": "never in stage {stage}", "never.grade": "never with grade {grade}",
    "hot_below": "hot; {missing} below the {threshold} of grade {grade}",
    "hot_above": "hot; at or above the {threshold} of grade {grade}",
    "below": "{missing} below the {threshold} of grade {grade}",
    "above": "at or above the {threshold} of grade {grade}, not hot until points are earned",
    "enough": "{distance}; one more would do: {rules}", "rule_points": "{rule} ({points})",
    "cools": "cools at {at}", "falls_below": "heat falls below the threshold at {at}",
    "enters": "enters {segment} at {at}", "leaves": "leaves {segment} at {at}",
    "hot_until": "{heat} (hot until {at})", "since": "{what} since {at}", "fit": "{grade} ({points} points)",
    "touches": "{count}, from {first} to {last}", "times": "{count} x {rule}", "no_lead": "no: {reason}",
    "handed.due": "for {owner}, to accept by {at}", "handed.assigned": "for {owner}",
    "handed.accepted": "accepted by {by}", "handed.rejected": "given back by {by}: {reason}",
    "handed.reminder": "reminder for {at}", "handed.note": "note: {note}", "not_ready": "not ready",
    "no_effect": "no effect: {why}", "not_theirs": "somebody else has the lead, or nobody",
    "accepted_already": "accepted already",
    "funnel.title": "Funnel {name} ({order}, within {window})", "funnel.any": "{number} of the steps, in any order",
    "funnel.sum": "{entered} leads started: {converted} took all steps ({rate}), {pending} still may, {dropped} cannot"
    " any more.",
    "funnel.mature": "Of the {mature} whose time is over, {converted} took all steps ({rate}): compare periods by this"
    " rate, since whose time is not over may still come.",
    "funnel.young": "Nobody's time is over yet: the rates will still change.",
    "funnel.lost": "Most are lost before step {number}, {step}: {lost} of {before} ({share}).",
    "funnel.lost_mature": "Most are lost before step {number}, {step}: {lost} of {before} whose time is over"
    " ({share}).",
    "funnel.took": "From the first step to the last: {median} in the middle, half of them {lower} to {upper}.",
    "funnel.by": "By {by}", "funnel.by_start": "{by}: of each lead as of the start that counts.",
    "funnel.by_report": "{by}: of each lead as of {at}, not as of its start.",
    "funnel.series.day": "By day of the start", "funnel.series.week": "By week of the start",
    "funnel.series.month": "By month of the start", "funnel.others": "other ({count} groups)",
    "funnel.leads_title": "Leads in {name}, {state} (times in {zone})",
    "owner.nobody": "nobody", "owner.accepted": "{owner}, accepted at {at}", "owner.due": "{owner}, to accept by {at}",
}  # fmt: skip
_CHINESE: Final[Mapping[str, str]] = {
    "comma": "、", "stop": "；",
    "heat_title": "热度 {heat}，每 {half_life} 减半", "withheld_title": "未计分的行为",
    "timeline_title": "时间线，最新的在前（时区 {zone}）",
    "leads_title.heat": "线索，最热的在前（时区 {zone}）",
    "leads_title.last_seen": "线索，最近活跃的在前（时区 {zone}）",
    "leads_title.stage_since": "线索，最近变更阶段的在前（时区 {zone}）",
    "leads_title.name": "线索，按姓名排序（时区 {zone}）",
    "leads_counted": "线索数：{count}",
    "limit_until": "已达上限，直到 {at}", "limit": "已达上限", "reset": "在清零之前",
    "machine": "机器：{how}", "by_machine": "不计：机器行为（{how}）",
    "honeypot": "填写了隐藏字段", "reported": "来源已标明", "bot": "已知爬虫 {name}",
    "rule_withheld": "{rule}：{why}", "moved": "{before} > {after}", "not_moved": "阶段未变：{why}",
    "already_there": "已在该阶段", "only_forward": "只能前进", "in_detour": "处于旁支阶段",
    "unknown_stage": "没有这个阶段", "nothing_withdrawn": "没有可撤回的变更",
    "moved_since": "退回之后阶段已有变更",
    "never.model": "不会变热：模型没有 hot_at", "never.excluded": "不会变热，因为不是线索：{reason}",
    "never.stage": "在阶段“{stage}”不会变热", "never.grade": "{grade} 级不会变热",
    "hot_below": "热；比 {grade} 级的 {threshold} 分低 {missing} 分",
    "hot_above": "热；已达到 {grade} 级的 {threshold} 分",
    "below": "比 {grade} 级的 {threshold} 分低 {missing} 分",
    "above": "已达到 {grade} 级的 {threshold} 分，再次得分后才会变热",
    "enough": "{distance}；再有一次即可：{rules}", "rule_points": "{rule}（{points} 分）",
    "cools": "{at} 降温", "falls_below": "{at} 热度降到门槛以下",
    "enters": "{at} 进入“{segment}”", "leaves": "{at} 离开“{segment}”",
    "hot_until": "{heat}（热度保持到 {at}）", "since": "{what}，自 {at}", "fit": "{grade}（{points} 分）",
    "touches": "{count} 次，从 {first} 到 {last}", "times": "{count} 次 {rule}", "no_lead": "否：{reason}",
    "handed.due": "分配给 {owner}，须在 {at} 前接受", "handed.assigned": "分配给 {owner}",
    "handed.accepted": "{by} 已接受", "handed.rejected": "{by} 已退回：{reason}",
    "handed.reminder": "提醒时间 {at}", "handed.note": "备注：{note}", "not_ready": "时机未到",
    "no_effect": "无效：{why}", "not_theirs": "此线索由他人负责或无人负责",
    "accepted_already": "此前已接受",
    "funnel.title": "漏斗 {name}（{order}，{window} 内）", "funnel.any": "完成任意 {number} 个步骤",
    "funnel.sum": "{entered} 条线索进入：{converted} 条完成全部步骤（{rate}），{pending} 条仍可能完成，"
    "{dropped} 条已不再可能。",
    "funnel.mature": "其中 {mature} 条期限已过，{converted} 条完成全部步骤（{rate}）：请用此转化率比较各时段，"
    "期限未过的线索仍可能完成。",
    "funnel.young": "尚无线索期限已过：转化率仍会变化。",
    "funnel.lost": "第 {number} 步“{step}”之前流失最多：{before} 条中流失 {lost} 条（{share}）。",
    "funnel.lost_mature": "第 {number} 步“{step}”之前流失最多：期限已过的 {before} 条中流失 {lost} 条（{share}）。",
    "funnel.took": "从第一步到最后一步：中位数 {median}，半数在 {lower} 到 {upper} 之间。",
    "funnel.by": "按 {by}", "funnel.by_start": "{by}：按计入的那次开始时的情况。",
    "funnel.by_report": "{by}：按 {at} 时的情况，而非开始时的情况。",
    "funnel.series.day": "按开始日期", "funnel.series.week": "按开始的周",
    "funnel.series.month": "按开始的月份", "funnel.others": "其他（{count} 组）",
    "funnel.leads_title": "漏斗 {name} 中的线索，{state}（时区 {zone}）",
    "owner.nobody": "无人负责", "owner.accepted": "{owner}，{at} 已接受", "owner.due": "{owner}，须在 {at} 前接受",
}  # fmt: skip
SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "zh": _CHINESE}


def sentence(language: str, name: str, /, **values: object) -> str:
    """A sentence in the language of `zh` or `zh_cn`; in English where it is in none of ours."""
    texts = SENTENCES.get(language.partition("_")[0], _ENGLISH)
    return texts[name].format(**values)
