"""Every room has its place among the layers: one that is not listed would be checked by nobody."""

import configparser
import re
from collections.abc import Iterator

from tools.rules.tree import Finding, Tree

SETTINGS = "setup.cfg"
SECTION = "importlinter:contract:rooms"


def check(tree: Tree) -> Iterator[Finding]:
    """Give the modules and packages right below geminicrm that no layer names."""
    parser = configparser.ConfigParser()
    parser.read_string(tree.text_of(SETTINGS))
    listed = set(re.findall(r"geminicrm\.(\w+)", parser.get(SECTION, "layers")))
    modules = (each for each in tree.python() if each.parts[0] == "geminicrm")
    rooms = {each.parts[1].removesuffix(".py") for each in modules} - {"__init__"}
    for room in sorted(rooms - listed):
        yield Finding(path=SETTINGS, line=1, message=f"geminicrm.{room} is in no layer")
