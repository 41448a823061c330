"""The pages that `make bench-read` measures are there."""

from pathlib import Path

from tests.bench.read_asked import ADDRESSES
from tests.bench.running import MODEL
from tests.dashboard.given_pages import Pages
from tests.projections.given_sales import FRIDAY, Company


def test_every_page_of_the_dashboard_that_is_measured_answers(tmp_path: Path) -> None:
    pages = Pages(tmp_path, Company(tmp_path, FRIDAY, MODEL.read_text(encoding="utf-8")))
    try:
        pages.company.touch(FRIDAY, "page_viewed", path="/pricing")
        answers = {address: pages.get(address).status_code for address in ADDRESSES}
        # nobody looks at the whole installation here, so its page says that
        assert answers.pop("/health") == 503
        assert {address: status for address, status in answers.items() if status != 200} == {}
    finally:
        pages.close()
