"""What the how-to page of access shows, done beside a server."""

import json
from pathlib import Path

from tests.given_samples import Shell, sample
from tests.runtime.given_server import MODEL
from tests.runtime.serving import serving

OWNER = '[[sales.owners]]\nname = "ann"\n'


def test_tokens_are_made_and_withdrawn_and_a_proxy_may_say_who_is_logged_in(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL + OWNER)
    with serving(tmp_path):
        shell = Shell(tmp_path)
        shown = shell.pastes(sample("give-access.md", "leadline token make"))
        holding = {each["name"]: each for each in json.loads(shell.pastes("leadline token list --json"))}
        shell.pastes("leadline token withdraw ann@example.com")
        audited = shell.pastes(sample("give-access.md", "leadline audit"))
        proxied = shell.pastes(sample("give-access.md", "export LEADLINE_LOGIN_HEADER"))
    assert [line[:9] for line in shown.splitlines()].count("leadline_") == 2
    assert (holding["ann@example.com"]["owner"], holding["ann@example.com"]["holds"]) == ("ann", True)
    assert (holding["dashboards"]["role"], holding["dashboards"]["holds"]) == ("reader", False)
    assert "token withdrawn\tann@example.com (sales)" in audited
    assert "leadline_" in proxied
