"""A small model with something of everything: stages, limits, grades, exclusions, segments, a funnel."""

MODEL = """
[[stages]]
name = "lead"
[[stages]]
name = "qualified"
requires = ["profile.company"]
[[stages]]
name = "customer"
won = true
[[stages]]
name = "disqualified"
detour = true

[score]
half_life = "1d"
hot_at = { A = 10, B = 15, C = 20, D = 20 }
rearm_at = 5

[[score.rules]]
name = "page"
on = "page_viewed"
points = 5
limit = "3 per 24h"
[[score.rules]]
name = "form"
on = "form_submitted"
points = 12
[[score.rules]]
name = "first form"
on = "form_submitted"
points = 3
limit = "once"
[[score.rules]]
name = "open"
on = "email_opened"
points = 30

[fit]
grades = { A = 20, B = 10, C = 0 }
[[fit.rules]]
name = "decision maker"
where = { "profile.title" = "CEO" }
points = 20

[[not_a_lead]]
reason = "employee"
where = { "profile.email" = { ends_with = "@us.example" } }

[[segments]]
name = "returners"
when = { did = "page_viewed", at_least = 2, within = "1d" }
[[segments]]
name = "quiet"
when = { not = { did = "page_viewed", within = "1d" } }
[[segments]]
name = "warm"
when = { heat = { gte = 4 } }

[[funnels]]
name = "signup"
window = "2d"
steps = [ { on = "page_viewed" }, { on = "form_submitted" }, { on = "identified" } ]
"""
