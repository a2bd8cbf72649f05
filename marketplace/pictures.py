"""Screenshots: kept when a version is published, served by their own address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select

from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.check.screenshots import MAX_PIXELS, MAX_SCREENSHOT
from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.pictures import measure
from marketplace.models import RegistryPicture, RegistryVersion
from marketplace.visibility import seen

MOST_PICTURES: Final = 10
_SHOWN: Final = ("listed", "yanked")


@dataclass(frozen=True, kw_only=True)
class Screenshot:
    """One picture of a version, sizes in pixels; `caption` says what it shows."""

    id: str
    caption: str
    width: int
    height: int


@dataclass(frozen=True)
class PictureFile:
    """A picture out of a package and its media type, told by its bytes and not by its name."""

    content: bytes
    caption: str


def pictures_in(files: Mapping[str, bytes], manifest: Manifest) -> tuple[PictureFile, ...]:
    """Give the manifest's screenshots that can be shown, at most ten, in its order."""
    found = (
        PictureFile(files[shot.path], shot.caption)
        for shot in manifest.screenshots
        if shot.path in files and _can_be_shown(files[shot.path])
    )
    return tuple(found)[:MOST_PICTURES]


def keep_pictures(work: Work, version: RegistryVersion, pictures: tuple[PictureFile, ...]) -> None:
    """Store the screenshots of a version in place of those it had."""
    own = RegistryPicture.version_id == version.id
    work.session.execute(delete(RegistryPicture).where(own))
    for position, picture in enumerate(pictures):
        measured = measure(picture.content)
        if measured is not None:
            work.session.add(
                RegistryPicture(
                    id=new_id("pic"),
                    version_id=version.id,
                    position=position,
                    caption=picture.caption,
                    media_type=measured.media_type,
                    width=measured.width,
                    height=measured.height,
                    content=picture.content,
                )
            )


class Pictures:
    """Gives screenshots to those who see the extension."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def of(self, actor: Actor, extension_id: str, version: str) -> tuple[Screenshot, ...]:
        """List the screenshots of a version; UnknownExtension."""
        with self._works.read(actor) as work:
            row = seen(work, actor.workspace_id, extension_id)
            rows = work.session.scalars(
                select(RegistryPicture)
                .join(RegistryVersion, RegistryVersion.id == RegistryPicture.version_id)
                .where(RegistryVersion.extension_id == row.id, RegistryVersion.version == version)
                .order_by(RegistryPicture.position)
            )
            return tuple(
                Screenshot(id=one.id, caption=one.caption, width=one.width, height=one.height)
                for one in rows
            )

    def read(self, actor: Actor, extension_id: str, picture_id: str) -> tuple[bytes, str]:
        """Give a picture and its media type; NotFound, UnknownExtension."""
        with self._works.read(actor) as work:
            row = seen(work, actor.workspace_id, extension_id)
            picture = work.session.scalars(
                select(RegistryPicture)
                .join(RegistryVersion, RegistryVersion.id == RegistryPicture.version_id)
                .where(
                    RegistryPicture.id == picture_id,
                    RegistryVersion.extension_id == row.id,
                    RegistryVersion.state.in_(_SHOWN),
                )
            ).one_or_none()
            if picture is None:
                raise NotFound("picture", picture_id)
            return picture.content, picture.media_type


def _can_be_shown(content: bytes) -> bool:
    if len(content) > MAX_SCREENSHOT:
        return False
    measured = measure(content)
    return measured is not None and max(measured.width, measured.height) <= MAX_PIXELS
