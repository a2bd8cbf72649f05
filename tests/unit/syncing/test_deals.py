"""Deals: stages by name, won and lost by closed stages, amounts as decimal texts."""

DEAL = {"title": "Engine", "amount": "1250.5", "currency": "EUR", "closes": "2026-12-24T00:00:00Z"}


def stages(sides):
    (pipeline,) = sides.core.crm.pipelines.list(sides.tenant.owner())
    return {one["id"]: one for one in pipeline["stages"]}


def test_a_deal_of_theirs_comes_to_the_stage_of_its_name(both_sides):
    sides = both_sides
    sides.far.put("deal", **DEAL, pipe="p1", step="s1")
    sides.begin(kinds=["deal"])
    (ours,) = sides.ours("deal")
    assert (ours["amount"], ours["currency"], ours["expected_close_on"]) == (
        "1250.50",
        "EUR",
        "2026-12-24",
    )
    assert stages(sides)[ours["stage_id"]]["name"] == "Qualification"
    for _ in range(3):
        sides.now()
    assert sides.far.asked("update_many") == 0
    assert [one["version"] for one in sides.ours("deal")] == [1]


def test_closed_stages_win_and_lose(sides):
    won = sides.far.put("deal", **DEAL, pipe="p1", step="s3")
    sides.far.put("deal", **{**DEAL, "title": "Loom"}, pipe="p1", step="s4")
    sides.begin(kinds=["deal"])
    assert {one["name"]: one["status"] for one in sides.ours("deal")} == {
        "Engine": "won",
        "Loom": "lost",
    }
    sides.far.put("deal", won, step="s1")
    sides.now()
    assert {one["name"]: one["status"] for one in sides.ours("deal")}["Engine"] == "open"


def test_a_deal_of_ours_goes_to_their_stage(sides):
    ours = sides.create("deal", name="Engine", amount="12.50", currency="EUR")
    sides.begin(kinds=["deal"])
    sides.update(ours, "deal", status="won")
    sides.work()
    (there,) = sides.far.values("deal")
    assert (there["title"], there["amount"], there["pipe"], there["step"]) == (
        "Engine",
        "12.50",
        "p1",
        "s3",
    )


def test_a_stage_that_fits_none_stays_and_is_told(sides):
    far_id = sides.far.put("deal", **DEAL, pipe="p1", step="s2")
    sides.begin(kinds=["deal"])
    (ours,) = sides.ours("deal")
    assert ours["name"] == "Engine"
    assert "stage: none here is called as 's2'" in sides.link().error
    sides.far.put("deal", far_id, title="Difference Engine")
    sides.now()
    assert [one["name"] for one in sides.ours("deal")] == ["Difference Engine"]
    assert [one["step"] for one in sides.far.values("deal")] == ["s2"]
    sides.far.put("deal", far_id, step="s1")
    sides.now()
    assert stages(sides)[sides.ours("deal")[0]["stage_id"]]["name"] == "Qualification"
    assert sides.link().error is None


def test_a_currency_that_is_none_is_told(sides):
    sides.far.put("deal", **{**DEAL, "currency": "XYZ"}, pipe="p1", step="s1")
    sides.begin(kinds=["deal"])
    (ours,) = sides.ours("deal")
    assert ours["name"] == "Engine"
    assert (sides.link().state, "currency" in sides.link().error) == ("failed", True)
