"""The files of the dashboards are what their declaration says."""

from tools import dashboards


def test_files_are_up_to_date():
    stale = [path.name for path, text in dashboards.files().items() if path.read_text() != text]
    assert not stale, "run tools/dashboards.py"
    assert {path.name for path in dashboards.FOLDER.iterdir()} == {path.name for path in dashboards.files()}


def test_ids_are_told_apart():
    for one in dashboards.DASHBOARDS:
        sheet = dashboards.Sheet(one).build()["sheets"][0]
        ids = [figure["id"] for figure in sheet["figures"]] + [rule["id"] for rule in sheet["conditionalFormats"]]
        assert len(ids) == len(set(ids)), one.name


def test_what_is_worse_when_there_is_more_of_it_is_not_green():
    seen = set()
    for one in dashboards.DASHBOARDS:
        sheet = dashboards.Sheet(one).build()["sheets"][0]
        cards = [figure["data"] for figure in sheet["figures"] if figure["data"].get("type") == "scorecard"]
        for kpi, card in zip(one.kpis, cards, strict=True):
            wanted = {"better": dashboards.GOOD, "worse": dashboards.BAD, "": dashboards.PLAIN}[kpi.more]
            assert card["baselineColorUp"] == wanted, kpi.title
            if kpi.title.startswith(("Discount", "Returns", "Expired")):
                assert (wanted, card["baselineColorDown"]) == (dashboards.BAD, dashboards.GOOD), kpi.title
            seen.add(kpi.more)
    assert seen == {"better", "worse", ""}
