"""The model file that `leadline init` writes: small, commented, and ready to be changed."""

from typing import Final

STARTER: Final = """\
# Leadline's model: what a lead is worth to you. Change it, then `leadline model check`.
# Durations are "90s", "15m", "24h" or "14d" (a day is 24 hours). Only [[stages]] is required.
# All keys, conditions and their meaning: docs/reference/model-file.md

timezone = "UTC"                      # days in reports; everything stored is UTC

# Stages, in order. Whom nothing identifies yet is a "visitor"; an identified person begins in the first.
[[stages]]
name = "lead"
label = "New lead"                    # or by language: { en = "New lead", zh = "新线索" }

[[stages]]
name = "qualified"
requires = ["profile.company"]        # a move here without these is refused and names what is missing

[[stages]]
name = "customer"
won = true

[[stages]]
name = "disqualified"
detour = true                         # may be entered from anywhere, left to any earlier stage

# Heat: points for what a person does. It halves every half_life.
[score]
half_life = "7d"
hot_at = 50                           # or by grade: { A = 40, B = 50, C = 80 }; a grade not named is never hot
rearm_at = 35                         # falling to this ends a hot episode
promote_to = "qualified"              # becoming hot asks for this stage

[[score.rules]]
name = "viewed a page"
on = "page_viewed"
points = 1
limit = "5 per 24h"                   # at most so often, rolling; also "once", "once per 24h"

[[score.rules]]
name = "viewed pricing"
on = "page_viewed"
where = { path = { starts_with = "/pricing" } }   # a property of the touchpoint
points = 10
limit = "3 per 24h"

[[score.rules]]
name = "sent a form"
on = "form_submitted"
points = 25
limit = "once per 24h"

# Fit: points for who a person is, as known now. It gives a grade beside heat, and is never added to it.
[fit]
grades = { A = 20, B = 10, C = 0 }    # least points of each grade; less is D

[[fit.rules]]
name = "decision maker"
where = { "profile.title" = { in = ["CEO", "CTO", "VP"] } }
points = 20

# People who are never hot.
[[not_a_lead]]
reason = "employee"
where = { "profile.email" = { ends_with = "@example.com" } }

# Where leads come from: campaigns, click ids and referrers, grouped into channels by default rules; yours come first.
# [channels]
# ignore = ["pay.example.com"]        # pages between yours that nobody comes from
# [[channels.rules]]
# name = "field sales"                # a channel of your own, or a default one, such as "partner"
# where = { "source.medium" = "visit" }

[[segments]]
name = "pricing-returners"
label = "Came back to pricing"
when = { all = [
  { did = "page_viewed", where = { path = { starts_with = "/pricing" } }, at_least = 3, within = "7d" },
  { not = { stage = ["customer", "disqualified"] } },
] }

[[funnels]]
name = "signup"
window = "30d"                        # from the first step to the last
steps = [
  { on = "page_viewed" },
  { on = "form_submitted" },
  { on = "stage_changed", where = { to = "customer" } },
]

# Who is told, by `leadline notify` or `leadline serve`. Addresses and keys stand in the environment.
# [[destinations]]
# name = "sales"
# type = "slack"                      # or webhook, wecom, dingtalk, feishu, mail
# url = { env = "LEADLINE_SALES_URL" }
# on = ["lead.hot", "lead.hot.retracted"]
# where = { grade = ["A", "B"] }
# hold = { days = ["Sat", "Sun"], from = "20:00", to = "08:00" }
"""
