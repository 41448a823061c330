"""What the how-to pages show of files, done in a folder: import, look, back up and restore, change the model."""

import gzip
from pathlib import Path

import pytest

from domain.model.starter import STARTER
from tests.given_samples import Shell, sample
from tests.runtime.serving import eventually
from tests.services.service import free_ports

MAILS = """
source = "mailer"
time = { column = "at", format = "iso" }
identities = { email = "who" }
[type]
column = "what"
[properties]
campaign = "campaign"
variant = "variant"
"""
SALES = '[[funnels]]\nname = "sales"\nwindow = "90d"\nsteps = [ { on = "call_logged" }, { on = "meeting_held" } ]\n'
ACTIVITIES = """\
activity_id,happened,kind,mail,tel,account_name,job_title,owner
A-1,14.09.2026 10:20,Call,bo@engines.example,+44 20 7946 0958,Engines Ltd,CTO,kim
A-2,02.10.2026 09:00,Meeting,bo@engines.example,,Engines Ltd,CTO,kim
A-3,21.10.2026 16:45,Won,bo@engines.example,,Engines Ltd,CTO,kim
A-4,2026-10-22,Call,cy@engines.example,,Engines Ltd,,kim
A-5,23.10.2026 08:00,Lunch,cy@engines.example,,Engines Ltd,,kim
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """In a folder with a model and what a CRM exported: a row of it has another format of times."""
    shell = Shell(tmp_path_factory.mktemp("files"), LEADLINE_BIND=f"127.0.0.1:{free_ports(1)[0]}")
    (shell.folder / "leadline.toml").write_text(STARTER + SALES)
    (shell.folder / "activities.csv.gz").write_bytes(gzip.compress(ACTIVITIES.encode()))
    return shell


@pytest.fixture(scope="module")
def imported(shell: Shell) -> str:
    """What the import page's commands print."""
    (shell.folder / "crm.toml").write_text(sample("import-a-file.md", 'source = "crm"'))
    return shell.pastes(sample("import-a-file.md", "leadline import"))


def test_a_mapping_makes_touchpoints_of_rows(shell: Shell, imported: str) -> None:
    counted = {name: line for line in imported.splitlines() for name in ("call_logged", "meeting_held") if name in line}
    assert counted["call_logged"].split()[1:3] == ["call_logged", "1"] and "1" in counted["meeting_held"], imported
    lead = shell.pastes("leadline lead bo@engines.example")
    for text in ("customer", "Engines Ltd", "CTO", "+442079460958"):
        assert text in lead


def test_refused_rows_are_listed_and_taken_by_a_mended_mapping(shell: Shell, imported: str) -> None:
    listed, replayed = sample("import-a-file.md", "leadline rejected list").splitlines()
    assert "2026-10-22" in shell.pastes(listed)
    mapping = shell.folder / "crm.toml"
    mapping.write_text(mapping.read_text().replace('"%d.%m.%Y %H:%M"', '"iso"'))
    assert "0 still refused" in shell.pastes(replayed)


def test_all_is_well_before_and_after_a_restore(shell: Shell, imported: str) -> None:
    looked = shell.pastes(sample("operate.md", "leadline doctor"))
    assert "is free: no server runs on it" in looked and "0 differ" in looked and "rejected" in looked
    assert "0 differ" in shell.pastes(sample("operate.md", "LEADLINE_WORKERS=4"))
    shell.pastes(sample("back-up.md", "leadline backup"))
    restore, serve, verify = sample("back-up.md", "leadline restore").splitlines()
    shell.pastes(restore)
    # bash, not a process that it starts, is what is given the variable of the line
    server = shell.starts(serve.replace("LEADLINE_DATA", "env LEADLINE_DATA"))
    try:
        eventually(lambda: "serving" in (shell.folder / "started.log").read_text())
        shell.pastes(verify)
        asked = sample("operate.md", "curl -X POST").replace("127.0.0.1:8787", shell.environment["LEADLINE_BIND"])
        began, *listed = shell.pastes(asked).split('"items"')
        assert '"kind":"verify"' in began and len(listed) == 1
    finally:
        server.terminate()
        assert server.wait(60) == 0
    assert "bo@engines.example" in shell.pastes("leadline leads --data restored-data")


def test_the_stages_say_how_leads_moved(shell: Shell, imported: str) -> None:
    ever, period, inside = (
        shell.pastes(line).splitlines() for line in sample("see-how-leads-move.md", "leadline stages").splitlines()
    )
    assert [line.split("\t")[:2] for line in (ever[-2], period[-2])] == [["customer", "1"]] * 2, (ever, period)
    assert [line.split("\t")[0] for line in inside] == ["who", "bo@engines.example"]


def test_leads_and_reports_are_shown_as_of_a_day(shell: Shell, imported: str) -> None:
    one = sample("look-back.md", "leadline lead")
    assert "by what is known now" in shell.pastes(one)
    assert "knowing=now says what is known now about then" in shell.pastes(one.replace(" --knowing now", ""), status=2)
    built, leads, stages, listed, dropped = sample("look-back.md", "leadline past build").splitlines()
    assert "october is there" in shell.pastes(built)
    assert "bo@engines.example" in shell.pastes(leads)
    assert "stages: ever, as of 2026-10-01" in shell.pastes(stages)
    assert "october\t2026-10-01" in shell.pastes(listed)
    assert "october is dropped" in shell.pastes(dropped)


def test_a_report_is_shown_in_every_way_that_the_page_shows(shell: Shell, imported: str) -> None:
    names, stages, _ = sample("read-a-report.md", "leadline report\n").splitlines()
    assert "response_times\towner, kind" in shell.pastes(names)
    assert "customer\tno\tno\t1\t1" in shell.pastes(stages)
    shell.pastes(sample("read-a-report.md", "leadline report\n"))
    assert "customer,false,false,1,1," in (shell.folder / "stages.csv").read_text()


def test_customers_are_known_by_every_report_that_the_page_shows(shell: Shell, imported: str) -> None:
    sampled = sample("know-your-customers.md", "leadline report portrait").splitlines()
    portrait, bands, cohorts, back, paths, onwards = map(shell.pastes, sampled)
    assert "1 won, 0 lost" in portrait and "Only 1 were won" in portrait and "Not shown: " in portrait
    assert "amount\tnone\t1\t100.0%" in bands
    assert "2026-09-01\t0\t1\t0\t0.0%" in cohorts and "2026-09-01\t1\t1\t1\t100.0%" in cohorts
    assert "came back in that week" in back
    assert "leads were won for the first time in the period" in paths
    assert "0 leads began with /pricing for the first time in the period" in onwards


def test_costs_are_imported_and_the_reports_of_money_are_shown(shell: Shell, imported: str) -> None:
    money = sample("see-what-channels-cost.md", '[money]\ncurrency = "EUR"')
    converted = sample("see-what-channels-cost.md", '[money]\nin = "CNY"').replace("[money]", money)
    (shell.folder / "money.toml").write_text(STARTER + SALES + money)
    shell.pastes("leadline model activate --model money.toml")
    (shell.folder / "costs.csv").write_text(sample("see-what-channels-cost.md", "channel,campaign"))
    command = sample("see-what-channels-cost.md", "leadline import-costs")
    assert "3 new, 0 changed, 0 the same" in shell.pastes(command)
    assert "0 new, 0 changed, 3 the same" in shell.pastes(command)
    shown = shell.pastes(sample("see-what-channels-cost.md", "leadline report channels"))
    assert "paid search\t0\t0\t0\t0\t0" in shown and "1,500.50 EUR" in shown and "\nspring\t" in shown, shown
    assert "won linear" in shown, shown
    assert (shell.folder / "customers.csv").read_text().startswith("group,orders,first_orders,customers,currency")
    (shell.folder / "money.toml").write_text(STARTER + SALES + converted)
    shell.pastes("leadline model activate --model money.toml")
    assert "11,703.90 CNY" in shell.pastes(sample("see-what-channels-cost.md", "leadline report channels"))


def test_two_variants_of_a_mail_are_compared(tmp_path: Path) -> None:
    shell = Shell(tmp_path, LEADLINE_BIND=f"127.0.0.1:{free_ports(1)[0]}")
    (tmp_path / "leadline.toml").write_text(STARTER)
    (tmp_path / "mail.toml").write_text(MAILS)
    people = [("red", n, n < 48) for n in range(80)] + [("blue", n, n < 56) for n in range(70)]
    told = [f"2026-09-14,email_sent,{variant}{n}@x.example,spring,{variant}" for variant, n, _ in people]
    told += [f"2026-09-15,email_clicked,{variant}{n}@x.example,spring,{variant}" for variant, n, did in people if did]
    (tmp_path / "mail.csv").write_text("\n".join(["at,what,who,campaign,variant", *told]))
    shell.pastes("leadline import mail.csv --mapping mail.toml")
    said = shell.pastes(sample("read-a-report.md", "leadline report mail"))
    assert "spring\tblue\t\t\t70\t\t\t\t\t70\t0\t0\t56\t" in said
    assert "60.0%" in said and "spring\tred\t\t\t80\t-20.0%\t-33.4%\t-5.2%\t0.01" in said


def test_a_funnel_is_read_in_every_way_that_the_page_shows(shell: Shell, imported: str) -> None:
    whole, period, weeks, campaigns, bands, gone = sample("read-a-funnel.md", "leadline funnel sales").splitlines()
    for command in (whole, period):
        said = shell.pastes(command)
        assert "2\tmeeting_held\t1\t" in said and "leads started: 1 took all steps" in said, said
    assert "2026-09-14\t1\t1\t100.0%" in shell.pastes(weeks)
    assert "as of the start that counts" in shell.pastes(campaigns)
    assert "5000 to 10000\t0\t0" in shell.pastes(bands)
    shell.pastes(gone)


def test_a_funnel_that_is_not_in_the_model_is_asked_for(shell: Shell, imported: str) -> None:
    ordered, any_order = sample("read-a-funnel.md", "leadline funnel --window").splitlines()
    assert "2\tmeeting_held\t1\t" in shell.pastes(ordered)
    assert "as of the start that counts" in shell.pastes(any_order)


def test_a_segment_is_tried_and_then_is_what_it_was_said_to_be(shell: Shell, imported: str) -> None:
    weeks, months = sample("try-a-segment.md", "leadline segments preview").splitlines()
    assert "who: did call_logged and not (did meeting_held)" in shell.pastes(weeks)
    tried = shell.pastes(months)
    switched = shell.pastes(sample("try-a-segment.md", "cat >>"))
    assert "is the active model now" in switched
    history, at_a_time = sample("try-a-segment.md", "leadline segments history").splitlines()
    grown = shell.pastes(history)
    rows = [line for line in grown.splitlines() if line.startswith("2026-")]
    assert len(rows) >= 3 and all(row in tried.splitlines() for row in rows), (tried, grown)
    assert rows[0] == "2026-09-01\t1\t1\t0"
    assert "bo@engines.example" in shell.pastes(at_a_time)


def test_other_numbers_are_tried_over_what_is_recorded(shell: Shell, imported: str) -> None:
    said = shell.pastes(sample("change-the-model.md", "leadline model try"))
    assert said.count("leads change; heat is another of") == 2
    assert "120\t0 of 1: 0% (0 to 79), too few" in said and "all\tactive\t" in said


def test_a_stage_that_was_called_otherwise_is_activated_over_what_is_recorded(shell: Shell, imported: str) -> None:
    renamed = STARTER.replace(
        '[[stages]]\nname = "customer"\nwon = true\n', sample("change-the-model.md", "[[stages]]")
    )
    (shell.folder / "leadline.toml").write_text(renamed + SALES)
    said = shell.pastes(sample("change-the-model.md", "leadline model check"))
    assert "is a valid model: 5 stages" in said and "is the active model now" in said
    assert "bo@engines.example" in shell.pastes("leadline leads --stage customer")
