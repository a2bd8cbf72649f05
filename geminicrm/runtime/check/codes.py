"""Every code that the checks of a package find, with its severity and what it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means; `either` says that the rule decides by how certain it is."""

    severity: Literal["error", "warning"]
    sentence: str
    either: bool = False

    @property
    def severities(self) -> str:
        """Give the severity in words."""
        return "error, or warning where it is not certain" if self.either else self.severity


def _error(sentence: str, *, either: bool = False) -> Code:
    return Code("error", sentence, either)


def _warning(sentence: str) -> Code:
    return Code("warning", sentence)


ARCHIVE: Final[Mapping[str, Code]] = MappingProxyType(
    {
        "not_a_zip": _error("The package can't be read as a zip file."),
        "bomb": _error("An entry unpacks to more than 200 times its size."),
        "too_large": _error("The package, or what it unpacks to, has too many bytes."),
        "too_many_files": _error("The package has too many entries."),
        "wrong_path": _error("A path is absolute, rises, or can't be stored everywhere."),
        "case_clash": _error("Two paths are one where case or Unicode form does not count."),
        "duplicate_entry": _error("One path is in the package twice."),
        "not_a_file": _error("An entry is a link, a device or a pipe."),
        "encrypted": _error("An entry is encrypted."),
        "compression": _error("An entry is packed in another way than deflate."),
        "hidden_data": _error("The package has bytes that belong to no entry."),
        "overlap": _error("Two entries share bytes."),
        "disagreement": _error("The list of the archive and an entry say different things."),
        "wrong_size": _error("An entry does not unpack to the size or checksum it says."),
        "zip64": _error("The package uses the long form of zip, which none of its size needs."),
        "wrong_comment": _error("The archive has a comment that is no signature."),
        "missing_manifest": _error("There is no manifest.json at the top."),
    }
)
"""What is found while a package is opened."""

CODES: Final[Mapping[str, Code]] = MappingProxyType(
    {
        **ARCHIVE,
        "syntax": _error("A source can't be read as Python."),
        "source_too_large": _error("A source has more than 1 MiB."),
        "missing_entry_point": _error("The entry point is no file of the package."),
        "no_extension_class": _error("The entry point has no extension class."),
        "many_extension_classes": _error("The entry point has several extension classes."),
        "missing_method": _error("The extension class lacks a method of the contract."),
        "unknown_hook": _error("A hook is implemented that does not exist."),
        "unknown_argument": _error("A hook takes an argument that it is not given."),
        "undeclared_hook": _error("A hook is implemented and not listed in manifest.json."),
        "missing_hook": _warning("Jobs or schedules are there and no hook that does them."),
        "forbidden_import": _error("An import reaches into the core, another extension, requests."),
        "static_type": _error("static/ holds a type that is not served."),
        "folder_name": _warning("The folder is not called after the id."),
        "missing_requirement": _error("A Python package is asked for and not there.", either=True),
        "other_version": _error("A Python package is there in another version."),
        "many_versions": _error("A Python package comes in several versions."),
        "host_conflict": _error("A Python package is there in a version that the core can't have."),
        "core_lacks": _error("A Python package of the core is asked for that this core lacks."),
        "hides_host": _error("A Python package would hide one of the core's."),
        "file_clash": _error("Two Python packages bring the same file."),
        "lock_wrong": _error("requirements.lock can't be read."),
        "not_a_wheel": _error("wheels/ holds something that is no wheel."),
        "wheel_wrong": _error("A wheel is broken, or not what its name says."),
        "wheel_unfit": _error("A wheel does not fit this machine."),
        "not_fetched": _error("A Python package could not be fetched."),
        "unused_wheels": _warning("Python packages come along and none is asked for."),
        "secret_left": _error("A file holds a key or password.", either=True),
        "secrets_not_sought": _warning("There is more text than secrets are sought in."),
        "undeclared_scope": _error("The code needs a permission that is not asked for.",
                                   either=True),
        "unused_scope": _warning("A permission is asked for that the code does not use."),
        "undeclared_host": _error("The code calls a host that is not declared.", either=True),
        "unused_host": _warning("A host is declared that the code does not name."),
        "undeclared_event": _error("The code announces an event that is not declared.",
                                   either=True),
        "unused_event": _warning("An event is declared that the code does not announce."),
        "dynamic_import": _warning("A module is imported by a name made while it runs."),
        "runs_text": _warning("Text is run as code."),
        "native_code": _warning("Native code is called; the locks hold for it too."),
        "starts_process": _warning("Processes are started; the locks refuse them."),
        "opens_socket": _warning("Connections are opened; the locks refuse them."),
        "missing_storage_version": _warning("Data is stored and has no storage_version."),
        "lower_storage_version": _error("storage_version is less than in the version before."),
        "unexplained_storage_version": _warning("storage_version is raised, and the changelog "
                                                "does not say why."),
        "plain_secret": _warning("A setting sounds like a secret and is no password."),
        "missing_icon": _warning("There is no icon, or it is neither PNG nor SVG."),
        "wrong_icon": _warning("The icon's bytes are not what its name says."),
        "icon_too_large": _warning("The icon has more than 256 KiB."),
        "icon_not_square": _warning("The icon is not square."),
        "unsafe_svg": _error("The icon is an SVG that acts or reaches outside."),
        "missing_screenshot": _error("A screenshot is no file of the package."),
        "wrong_screenshot": _error("A screenshot's bytes are no PNG, JPEG or WebP."),
        "screenshot_too_large": _error("A screenshot has over 2 MiB or 4,000 pixels."),
        "missing_caption": _warning("A screenshot has no caption."),
        "unknown_licence": _warning("The licence is no SPDX expression."),
        "missing_licence": _warning("There is no LICENSE file."),
        "missing_readme": _warning("There is no README.md."),
        "unchanged_readme": _warning("README.md is still that of a new extension."),
        "missing_changelog": _warning("There is no CHANGELOG.md."),
        "unmentioned_version": _warning("CHANGELOG.md does not mention the version."),
        "reserved_id": _error("The id is a place of the marketplace."),
    }
)  # fmt: skip
"""All of them. What is wrong with manifest.json itself has the codes of its schema."""
