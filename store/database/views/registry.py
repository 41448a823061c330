"""Every view for analysts. A new one is a file beside this one and a line here; a column is only ever added at the end
of a released one."""

from typing import Final

from store.database.views.hand_over import DELIVERIES, RESPONSE_TIMES, SIGNALS
from store.database.views.happened import AWARDS, DAILY, TOUCHES
from store.database.views.mail import MAIL
from store.database.views.model import MODEL
from store.database.views.money import CHANNELS, COSTS, REVENUE
from store.database.views.people import LEADS
from store.database.views.quality import QUALITY
from store.database.views.view import ReportView
from store.database.views.ways import FUNNEL_ATTEMPTS, HOT_EPISODES, SEGMENT_SPELLS, STAGE_ENTRIES

VIEWS: Final[tuple[ReportView, ...]] = (
    LEADS,
    TOUCHES,
    AWARDS,
    STAGE_ENTRIES,
    HOT_EPISODES,
    SEGMENT_SPELLS,
    FUNNEL_ATTEMPTS,
    MAIL,
    CHANNELS,
    REVENUE,
    COSTS,
    DAILY,
    RESPONSE_TIMES,
    SIGNALS,
    DELIVERIES,
    QUALITY,
    MODEL,
)
"""In the order of the reference page."""
