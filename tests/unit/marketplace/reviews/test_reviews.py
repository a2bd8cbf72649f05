from dataclasses import replace

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.identity.people import create_user
from geminicrm.identity.permissions import OPERATOR_SCOPES, ROLES
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.errors import (
    NotFound,
    ScopeMissing,
    TooManyRequests,
    ValidationFailed,
)
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.paging import Page, encode_cursor
from geminicrm.runtime.models import Installation
from marketplace.models import RegistryExtension
from marketplace.publishers.models import PublisherMember, PublisherRow
from marketplace.reviews.errors import ReviewedAlready, ReviewNotAllowed
from marketplace.reviews.models import Review
from marketplace.reviews.service import ReviewDesk
from marketplace.reviews.shapes import Asked, Opinion
from tests.support.core import PASSWORD, Tenant, make_tenant

MAIL = "mail-sync"
GOOD = Opinion(rating=5, title="Just works", body="Set up in *minutes*.")
BAD = Opinion(rating=2, title="Slow", body="")


def put_extension(core: Core, publisher_id: str = "pub_relay", **facts: object) -> None:
    """Store an extension and its publisher as they are after publishing."""
    with core.works.across_workspaces("fill a marketplace for a test", write=True) as work:
        work.session.add(
            PublisherRow(
                id=publisher_id,
                slug=publisher_id.replace("_", "-"),
                name="Relay Works",
                kind="organisation",
                verified=True,
                created_at=work.now,
            )
        )
        row = {
            "id": MAIL,
            "publisher_id": publisher_id,
            "publisher": "Relay Works",
            "verified": True,
            "built_in": False,
            "name": "Mail Sync",
            "name_key": "mail sync",
            "description": "Syncs mail.",
            "author": "Relay Works",
            "categories": [],
            "keywords": [],
            "latest_version": "1.0.0",
            "created_at": work.now,
            "updated_at": work.now,
            **facts,
        }
        work.session.add(RegistryExtension(**row))


def install(core: Core, tenant: Tenant, version: str = "1.0.0") -> None:
    with core.works.write(tenant.system()) as work:
        work.session.add(
            Installation(
                id=new_id("ins"),
                extension_id=MAIL,
                version=version,
                digest="d",
                manifest={},
                granted=[],
                settings={},
                created_at=work.now,
                updated_at=work.now,
            )
        )


def join_publisher(core: Core, user_id: str) -> None:
    with core.works.across_workspaces("join a publisher for a test", write=True) as work:
        work.session.add(
            PublisherMember(
                publisher_id="pub_relay", user_id=user_id, role="owner", added_at=work.now
            )
        )


def stars(core: Core) -> tuple[int, int]:
    with core.works.across_workspaces("read a rating in a test") as work:
        row = work.session.get_one(RegistryExtension, MAIL)
        return row.rating_sum, row.rating_count


def operator(tenant: Tenant) -> PersonActor:
    return replace(tenant.owner(), scopes=ROLES["owner"] | OPERATOR_SCOPES)


@pytest.fixture
def desk(both_cores: Core) -> ReviewDesk:
    return ReviewDesk(both_cores.works)


@pytest.fixture
def north(both_cores: Core, desk: ReviewDesk) -> Tenant:
    put_extension(both_cores)
    tenant = make_tenant(both_cores, "north")
    install(both_cores, tenant)
    return tenant


def test_a_review_is_written_changed_and_taken_away(
    both_cores: Core, desk: ReviewDesk, north: Tenant, clock: FixedClock
):
    line = desk.write(north.owner(), MAIL, GOOD)
    assert (line.author, line.rating, line.version, line.mine) == ("Olga Owner", 5, "1.0.0", True)
    assert stars(both_cores) == (5, 1)

    clock.advance(60)
    changed = desk.change(north.owner(), MAIL, line.id, BAD)
    assert changed.updated_at > changed.created_at
    assert stars(both_cores) == (2, 1)

    desk.delete(north.owner(), MAIL, line.id)
    assert stars(both_cores) == (0, 0)
    assert desk.list(north.owner(), MAIL, Asked()).lines == ()


def test_a_workspace_has_one_review_of_an_extension(desk: ReviewDesk, north: Tenant):
    desk.write(north.owner(), MAIL, GOOD)
    with pytest.raises(ReviewedAlready, match="change that review"):
        desk.write(north.owner(), MAIL, BAD)


def test_only_those_who_installed_it_review(both_cores: Core, desk: ReviewDesk, north: Tenant):
    south = make_tenant(both_cores, "south")
    with pytest.raises(ReviewNotAllowed, match="have installed it"):
        desk.write(south.owner(), MAIL, GOOD)

    shown = desk.list(south.owner(), MAIL, Asked())
    assert (shown.may_review, shown.own) == (False, None)
    assert "installed" in shown.why_not


def test_only_those_who_manage_extensions_review(desk: ReviewDesk, north: Tenant):
    with pytest.raises(ReviewNotAllowed, match="manage extensions"):
        desk.write(north.owner("read:extensions"), MAIL, GOOD)


def test_nobody_reviews_their_own(both_cores: Core, desk: ReviewDesk, north: Tenant):
    with both_cores.works.across_workspaces("add a colleague for a test", write=True) as work:
        colleague = create_user(work, north.id, "carl@north.example", "member", PASSWORD)
    join_publisher(both_cores, colleague.id)

    with pytest.raises(ReviewNotAllowed, match="their own"):
        desk.write(north.owner(), MAIL, GOOD)


def test_what_a_workspace_publishes_itself_gets_no_review_from_it(core: Core):
    tenant = make_tenant(core, "north")
    put_extension(core)
    install(core, tenant)
    with core.works.across_workspaces("own a publisher in a test", write=True) as work:
        work.session.get_one(PublisherRow, "pub_relay").workspace_id = tenant.id
    with pytest.raises(ReviewNotAllowed, match="their own"):
        ReviewDesk(core.works).write(tenant.owner(), MAIL, GOOD)


def test_another_s_review_can_t_be_changed(both_cores: Core, desk: ReviewDesk, north: Tenant):
    line = desk.write(north.owner(), MAIL, GOOD)
    south = make_tenant(both_cores, "south")
    install(both_cores, south)

    with pytest.raises(NotFound):
        desk.change(south.owner(), MAIL, line.id, BAD)
    with pytest.raises(NotFound):
        desk.delete(south.owner(), MAIL, line.id)
    with pytest.raises(NotFound):
        desk.delete(south.owner(), MAIL, "rev_unknown")
    assert stars(both_cores) == (5, 1)
    assert "north" not in str(desk.list(south.owner(), MAIL, Asked()).to_dict()).lower()


def test_the_publisher_answers(both_cores: Core, desk: ReviewDesk, north: Tenant):
    line = desk.write(north.owner(), MAIL, BAD)
    with pytest.raises(ReviewNotAllowed, match="Only members of Relay Works"):
        desk.reply(north.owner(), MAIL, line.id, "Sorry.")

    relay = make_tenant(both_cores, "relay")
    join_publisher(both_cores, relay.owner_id)
    assert desk.list(relay.owner(), MAIL, Asked()).may_reply
    assert desk.reply(relay.owner(), MAIL, line.id, "Mended in 1.1.").reply == "Mended in 1.1."
    assert desk.reply(relay.owner(), MAIL, line.id, "Mended in 1.2.").reply == "Mended in 1.2."
    assert desk.reply(relay.owner(), MAIL, line.id, None).replied_at is None


def test_operators_answer_for_the_core(core: Core):
    put_extension(core, publisher_id="core", built_in=True)
    tenant = make_tenant(core, "north")
    install(core, tenant)
    desk = ReviewDesk(core.works)
    line = desk.write(tenant.owner(), MAIL, GOOD)

    assert desk.reply(operator(tenant), MAIL, line.id, "Thank you.").reply == "Thank you."


def test_operators_hide_and_show(both_cores: Core, desk: ReviewDesk, north: Tenant):
    line = desk.write(north.owner(), MAIL, BAD)
    with pytest.raises(ScopeMissing):
        desk.hide(north.owner(), MAIL, line.id, "Insults")

    desk.hide(operator(north), MAIL, line.id, "Insults")
    assert stars(both_cores) == (0, 0)
    shown = desk.list(north.owner(), MAIL, Asked())
    assert shown.lines == ()
    assert shown.own.hidden_reason == "Insults"
    assert [one.id for one in desk.list(operator(north), MAIL, Asked()).lines] == [line.id]

    desk.hide(operator(north), MAIL, line.id, None)
    assert stars(both_cores) == (2, 1)


@pytest.fixture
def many(both_cores: Core, desk: ReviewDesk, clock: FixedClock) -> Tenant:
    put_extension(both_cores)
    with both_cores.works.across_workspaces("write reviews for a test", write=True) as work:
        for number, rating in enumerate((3, 5, 1, 5, 3)):
            work.session.add(
                Review(
                    id=f"rev_{number}",
                    extension_id=MAIL,
                    workspace_id=f"ws_{number}",
                    user_id="usr_1",
                    author="Somebody",
                    rating=rating,
                    title="Title",
                    body="",
                    version="1.0.0",
                    created_at=work.now,
                    updated_at=clock.now(),
                )
            )
            clock.advance(60 * (number % 2))  # some at the same instant
    return make_tenant(both_cores, "north")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest", ["rev_4", "rev_2", "rev_3", "rev_0", "rev_1"]),
        ("highest", ["rev_3", "rev_1", "rev_4", "rev_0", "rev_2"]),
        ("lowest", ["rev_2", "rev_4", "rev_0", "rev_3", "rev_1"]),
    ],
)
def test_orders_and_their_pages(desk: ReviewDesk, many: Tenant, order: str, expected: list[str]):
    walked: list[str] = []
    cursor = None
    for _ in range(3):
        found = desk.list(many.owner(), MAIL, Asked(order, Page(2, cursor)))
        walked += [line.id for line in found.lines]
        cursor = found.next_cursor
    assert walked == expected
    assert cursor is None
    assert found.histogram == {5: 2, 4: 0, 3: 2, 2: 0, 1: 1}
    assert (found.rating, found.total) == (3.4, 5)


@pytest.mark.parametrize(
    "asked",
    [
        Asked("loudest"),
        Asked("newest", Page(2, "rubbish")),
        Asked("newest", Page(2, encode_cursor((1, "yesterday", "r"), "newest"))),
    ],
)
def test_wrong_orders_and_cursors_are_refused(desk: ReviewDesk, many: Tenant, asked: Asked):
    with pytest.raises(ValidationFailed):
        desk.list(many.owner(), MAIL, asked)


def test_reviews_can_t_be_changed_without_end(desk: ReviewDesk, north: Tenant):
    line = desk.write(north.owner(), MAIL, GOOD)
    for _ in range(19):
        desk.change(north.owner(), MAIL, line.id, BAD)
    with pytest.raises(TooManyRequests, match="an hour"):
        desk.change(north.owner(), MAIL, line.id, BAD)


def test_reviews_go_with_their_extension(both_cores: Core, desk: ReviewDesk, north: Tenant):
    desk.write(north.owner(), MAIL, GOOD)
    with both_cores.works.across_workspaces("remove an extension in a test", write=True) as work:
        work.session.delete(work.session.get_one(RegistryExtension, MAIL))
    with both_cores.works.across_workspaces("count reviews in a test") as work:
        assert work.session.scalars(select(Review)).all() == []
