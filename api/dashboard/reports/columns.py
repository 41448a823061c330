"""What the dashboard calls reports and their columns: a label and an explanation of each, marked for translation."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from api.dashboard.words.well_known import N_


class Titled(NamedTuple):
    """What something is called, and what it says; both are marked for translation."""

    label: str
    about: str


_CURRENCY: Final = Titled(N_("Currency"), N_("of the amounts in the row; none: unknown, or there are none"))

REPORT_TEXTS: Final[Mapping[str, Titled]] = {
    "stages": Titled(N_("Stages"), N_("How leads go through the stages, how long they stay, and how many go on.")),
    "daily": Titled(N_("Day by day"), N_("What happened on each day: touchpoints, new people, hot leads, moves, won.")),
    "mail": Titled(N_("Mail"), N_("What became of mail, in people: delivered, opened, clicked, converted, lost.")),
    "cohorts": Titled(N_("Cohorts"), N_("Of those who became known in one week or month, how many came how far.")),
    "paths": Titled(N_("Paths"), N_("The most frequent sequences of what people did before they were won or lost.")),
    "portrait": Titled(N_("Portrait"), N_("Who the customers are, and who is none: what is frequent among the won.")),
    "channels": Titled(
        N_("Sources"), N_("Where people came from: leads, hot, won, what that cost, and what it returned.")
    ),
    "attribution": Titled(
        N_("Attribution"), N_("Won leads and revenue by the origins that led there: the first, the last, or all alike.")
    ),
    "revenue": Titled(N_("Revenue"), N_("Orders and what they brought, by time, channel or first order.")),
    "response_times": Titled(N_("Response times"), N_("How soon owners did what was asked of them.")),
    "quality": Titled(N_("Data quality"), N_("What is missing, wrong or doubtful in what is known of leads.")),
}
"""By name of the report."""

COLUMN_TEXTS: Final[Mapping[str, Mapping[str, Titled]]] = {
    "stages": {
        "stage": Titled(N_("Stage"), N_("in the order of the model")),
        "detour": Titled(N_("Detour"), N_("whether it has no place in that order")),
        "retired": Titled(N_("Retired"), N_("whether nobody is to come there any more")),
        "entered": Titled(N_("Entered"), N_("leads that ever came there; of a period those that first did in it")),
        "inside": Titled(N_("In it now"), N_("of those who entered")),
        "left": Titled(N_("Left"), N_("of those who entered, not in it now")),
        "went_on": Titled(N_("Went on"), N_("of those who entered, afterwards ever in a later stage")),
        "rate": Titled(N_("Went on, share"), N_("went on of entered")),
        "furthest": Titled(N_("Their furthest"), N_("of those who entered, never in a later stage")),
        "reentered": Titled(N_("Came again"), N_("of those who entered, more than once in it")),
        "reentries": Titled(N_("Times again"), N_("how often they came there again")),
        "stays": Titled(N_("Stays ended"), N_("stays that ended; those of who is in it go on")),
        "stayed_lower_quartile": Titled(
            N_("Stay, a quarter within"), N_("a quarter of the ended stays took no longer")
        ),
        "stayed_median": Titled(N_("Stay, half within"), N_("half of the ended stays took no longer")),
        "stayed_upper_quartile": Titled(
            N_("Stay, three quarters within"), N_("three quarters of the ended stays took no longer")
        ),
        "age_lower_quartile": Titled(N_("In it for, a quarter"), N_("a quarter of who is in it has been no longer")),
        "age_median": Titled(N_("In it for, half"), N_("half of who is in it has been no longer")),
        "age_upper_quartile": Titled(
            N_("In it for, three quarters"), N_("three quarters of who is in it has been no longer")
        ),
        "oldest": Titled(N_("In it for, the longest"), N_("how long the one has been in it who came first")),
    },
    "daily": {
        "day": Titled(N_("Day"), N_("in the model's time zone")),
        "group": Titled(N_("Told apart"), N_("what the touchpoints are told apart by")),
        "touchpoints": Titled(N_("Touchpoints"), N_("that happened; machines' are not among them")),
        "by_machines": Titled(N_("By machines"), N_("touchpoints of machines, which count nowhere else")),
        "people": Titled(N_("People"), N_("leads and visitors with one of these touchpoints")),
        "new_visitors": Titled(N_("New visitors"), N_("people whose first touchpoint it was, whoever they are now")),
        "new_leads": Titled(N_("New leads"), N_("people of whom something first said who they are")),
        "became_hot": Titled(N_("Became hot"), N_("times that one became hot by the rules, announced or not")),
        "stage_moves": Titled(N_("Moves"), N_("times that one entered a stage, the first one too")),
        "won": Titled(N_("Won"), N_("leads that entered a stage which is won, for the first time")),
        "unfinished": Titled(N_("Goes on"), N_("the day is not over")),
    },
    "mail": {
        "campaign": Titled(N_("Campaign"), N_("the campaign that the mail bears")),
        "variant": Titled(N_("Variant"), N_("the variant that the mail bears")),
        "weekday": Titled(N_("Weekday"), N_("of sending, in the model's time zone")),
        "hour": Titled(N_("Hour"), N_("of sending, in the model's time zone")),
        "people": Titled(N_("People"), N_("of whom any mail of it is known; each counts once a campaign")),
        "difference": Titled(N_("Difference"), N_("the share minus that of the first variant, in points of 100")),
        "lowest": Titled(N_("At least"), N_("the least that the true difference is, with 95% confidence")),
        "highest": Titled(N_("At most"), N_("the most that the true difference is, with 95% confidence")),
        "chance": Titled(N_("By chance"), N_("how likely they are that far apart if nothing differs (p-value)")),
        "sent": Titled(N_("Sent"), N_("people to whom it was sent")),
        "delivered": Titled(N_("Delivered"), N_("people to whom it was delivered")),
        "opened": Titled(N_("Opened"), N_("people who opened it; machines' opens are left out")),
        "clicked": Titled(N_("Clicked"), N_("people who clicked in it; machines' clicks are left out")),
        "bounced": Titled(N_("Bounced"), N_("people whose mail came back")),
        "unsubscribed": Titled(N_("Unsubscribed"), N_("people who unsubscribed")),
        "complained": Titled(N_("Complained"), N_("people who said that it is spam")),
        "converted": Titled(N_("Converted"), N_("sent a form, brought revenue or were won within 7 days of a click")),
        "opened_share": Titled(N_("Opened, share"), N_("opened of people")),
        "clicked_share": Titled(N_("Clicked, share"), N_("clicked of people")),
        "bounced_share": Titled(N_("Bounced, share"), N_("bounced of people")),
        "unsubscribed_share": Titled(N_("Unsubscribed, share"), N_("unsubscribed of people")),
        "complained_share": Titled(N_("Complained, share"), N_("complained of people")),
        "converted_share": Titled(N_("Converted, share"), N_("converted of people")),
    },
    "cohorts": {
        "cohort": Titled(N_("Became known"), N_("in the week (from Monday) or month that begins on this day")),
        "period": Titled(N_("Periods later"), N_("0: that week or month itself, 1: the next one")),
        "leads": Titled(N_("Leads"), N_("of the cohort")),
        "reached": Titled(N_("Came so far"), N_("of them by the end of that week or month")),
        "share": Titled(N_("Share"), N_("came so far of leads")),
        "open": Titled(N_("Goes on"), N_("the week or month is not over, so more may come")),
    },
    "paths": {
        "rank": Titled(N_("Rank"), N_("1: the path of the most leads")),
        "path": Titled(N_("Path"), N_("the steps in their order; what was repeated at once is one step")),
        "leads": Titled(N_("Leads"), N_("with just this path")),
        "share": Titled(N_("Share"), N_("of all that were won, were lost or began in the period")),
        "took_median": Titled(N_("Took, half within"), N_("half took no longer from the first step to the last")),
    },
    "portrait": {
        "field": Titled(N_("Field"), N_("what leads are told apart by")),
        "value": Titled(N_("Value"), N_("what is known there")),
        "won": Titled(N_("Won"), N_("leads that have it and were ever won")),
        "won_share": Titled(N_("Of the won"), N_("the share of all that were won")),
        "lost": Titled(N_("Lost"), N_("leads that have it, were never won and are in a detour")),
        "lost_share": Titled(N_("Of the lost"), N_("the share of all that were lost")),
        "leads": Titled(N_("Leads"), N_("all that have it and are known, however it went")),
        "leads_share": Titled(N_("Of all leads"), N_("the share of all leads")),
        "lift": Titled(N_("Lift"), N_("2: twice as frequent among the won as among all")),
        "win_rate": Titled(N_("Won of leads"), N_("how many of those who have it were won")),
        "win_rate_low": Titled(N_("At least"), N_("with 95% confidence the share is not lower")),
        "win_rate_high": Titled(N_("At most"), N_("with 95% confidence the share is not higher")),
        "few": Titled(N_("Too few"), N_("too few leads have it to tell anything")),
    },
    "channels": {
        "group": Titled(N_("Source"), N_("where they came from")),
        "visitors": Titled(N_("Visitors"), N_("people who first came in the period, identified or not")),
        "leads": Titled(N_("Leads"), N_("of the visitors those who said who they are")),
        "qualified": Titled(N_("Qualified"), N_("of the leads, ever in the stage that makes a qualified one")),
        "hot": Titled(N_("Were hot"), N_("of the leads, ever hot")),
        "won": Titled(N_("Won"), N_("of the leads, ever in a stage that is won")),
        "lead_share": Titled(N_("Leads of visitors"), N_("the share of visitors who became leads")),
        "qualified_share": Titled(N_("Qualified of leads"), N_("the share of leads that were qualified")),
        "hot_share": Titled(N_("Hot of leads"), N_("the share of leads that were ever hot")),
        "won_of_qualified": Titled(N_("Won of qualified"), N_("the share of the qualified that were won")),
        "won_share": Titled(N_("Won of leads"), N_("the share of leads that were won")),
        "days_to_won": Titled(N_("Days to won"), N_("half were won within so many days of their first touch")),
        "currency": _CURRENCY,
        "cost": Titled(N_("Cost"), N_("imported costs of the days of the period")),
        "cost_per_lead": Titled(N_("Cost a lead"), N_("cost by leads")),
        "cac": Titled(N_("Cost a customer"), N_("cost by won leads: what it costs to win one")),
        "revenue": Titled(N_("Revenue"), N_("of those who came in the period, ever since, returns taken off")),
        "return": Titled(N_("Return"), N_("revenue by cost: 2 is twice what was spent")),
    },
    "attribution": {
        "group": Titled(N_("Source"), N_("where the origin is of")),
        "won_first": Titled(N_("Won, first touch"), N_("won leads that are owed to the first origin")),
        "won_last": Titled(N_("Won, last touch"), N_("won leads that are owed to the last origin")),
        "won_linear": Titled(N_("Won, all touches"), N_("won leads that are owed to all origins alike")),
        "currency": _CURRENCY,
        "revenue_first": Titled(N_("Revenue, first touch"), N_("revenue that is owed to the first origin")),
        "revenue_last": Titled(N_("Revenue, last touch"), N_("revenue that is owed to the last origin")),
        "revenue_linear": Titled(N_("Revenue, all touches"), N_("revenue that is owed to all origins alike")),
    },
    "revenue": {
        "group": Titled(N_("Told apart"), N_("when it was paid, when they first ordered, or where they came from")),
        "orders": Titled(N_("Orders"), N_("amounts that are no returns")),
        "first_orders": Titled(N_("First orders"), N_("of the orders the first one of a customer")),
        "customers": Titled(N_("Customers"), N_("leads with such an order")),
        "currency": _CURRENCY,
        "amount": Titled(N_("Amount"), N_("of the orders")),
        "returns": Titled(N_("Returns"), N_("what was paid back")),
        "per_customer": Titled(N_("A customer"), N_("amount less returns by customers, so far")),
    },
    "response_times": {
        "who": Titled(N_("Who"), N_("the owner or team; none: nobody, or no team")),
        "deadline": Titled(N_("What was to do"), N_("the kind of deadline")),
        "asked": Titled(N_("Asked"), N_("how often")),
        "open": Titled(N_("Open"), N_("still waited for")),
        "kept": Titled(N_("In time"), N_("done before it was due")),
        "missed": Titled(N_("Missed"), N_("not done in time, or never")),
        "dropped": Titled(N_("Dropped"), N_("nobody waited for it any more")),
        "median": Titled(N_("Half within"), N_("from asking to doing, days off included")),
        "ninth_decile": Titled(N_("Nine of ten within"), N_("from asking to doing, days off included")),
    },
    "quality": {
        "kind": Titled(N_("Finding"), N_("what is missing, wrong or doubtful")),
        "detail": Titled(N_("Field"), N_("of what is missing, the field")),
        "leads": Titled(N_("Leads"), N_("how many")),
        "share": Titled(N_("Share"), N_("how many of all identified leads")),
        "example": Titled(N_("Example"), N_("one of them")),
        "means": Titled(N_("What it says"), N_("in a sentence")),
        "to_do": Titled(N_("What helps"), N_("what to do about it")),
    },
}
"""By name of the report, then of the column."""
