"""Every family of rows. A new read model is a file like these, its table in store/database, and a line here."""

from typing import Final

from projections.read_models.awards import AWARDS
from projections.read_models.family import AllRows, Family, GrowingRows, OneRow, Remembered, RowCount, SeveralRows
from projections.read_models.funnel_days import FUNNEL_DAYS
from projections.read_models.funnel_leads import FUNNEL_LEADS
from projections.read_models.funnel_steps import FUNNEL_STEPS
from projections.read_models.hot_episodes import HOT_EPISODES
from projections.read_models.lead_sources import LEAD_SOURCES
from projections.read_models.lead_terms import LEAD_TERMS
from projections.read_models.leads import LEADS
from projections.read_models.scores import SCORES
from projections.read_models.segment_members import SEGMENT_MEMBERS
from projections.read_models.segment_spells import SEGMENT_SPELLS
from projections.read_models.sort_keys import SORT_KEYS
from projections.read_models.stage_history import STAGE_HISTORY
from projections.read_models.touches import TOUCHES

FAMILIES: Final[tuple[Family, ...]] = (
    LEADS,
    SORT_KEYS,
    LEAD_TERMS,
    SCORES,
    STAGE_HISTORY,
    SEGMENT_MEMBERS,
    SEGMENT_SPELLS,
    FUNNEL_LEADS,
    FUNNEL_STEPS,
    FUNNEL_DAYS,
    LEAD_SOURCES,
    HOT_EPISODES,
    TOUCHES,
    AWARDS,
)

ALWAYS: Final[tuple[OneRow, ...]] = tuple(each for each in FAMILIES if isinstance(each, OneRow))
"""Those of which every lead has a row."""
REMEMBERED: Final[tuple[Remembered, ...]] = tuple(each for each in FAMILIES if isinstance(each, SeveralRows | AllRows))
"""Those of which a lead's saved state remembers what is written."""
GROWING: Final[tuple[GrowingRows, ...]] = tuple(each for each in FAMILIES if isinstance(each, GrowingRows))
"""Those of which the fold says what changed."""
COUNTS: Final[tuple[RowCount, ...]] = tuple(
    each.count for each in FAMILIES if isinstance(each, SeveralRows | GrowingRows) and each.count is not None
)
"""Those of whose rows it is kept how many there are."""
