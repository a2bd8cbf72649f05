"""Rule: what is marked as a hook is one, with arguments that the hook has."""

import ast
from collections.abc import Iterator

from extensions.sdk.hookspecs import BUDGET_SECONDS, hook_arguments
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.manifest_schema import nearest


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Compare functions under `@hookimpl` with the hook specifications and the manifest."""
    found = []
    for file, tree in folder.own_trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and _is_marked(node):
                found += [
                    CheckFinding(
                        severity="error", code=code, message=message, file=file, line=node.lineno
                    )
                    for code, message in _problems(node, folder)
                ]
    return found


def marked(folder: ExtensionFolder) -> frozenset[str]:
    """Give the hooks that the sources implement, as far as reading tells."""
    return frozenset(
        _hook(node)
        for _file, tree in folder.own_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and _is_marked(node)
    )


def _is_marked(node: ast.FunctionDef) -> bool:
    return any(_name(mark) == "hookimpl" for mark in node.decorator_list)


def _name(node: ast.expr) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _hook(node: ast.FunctionDef) -> str:
    # `@hookimpl(specname="on_event")` names the hook apart from the function.
    calls = [mark for mark in node.decorator_list if isinstance(mark, ast.Call)]
    keywords = [keyword for call in calls for keyword in call.keywords]
    given = [keyword.value for keyword in keywords if keyword.arg == "specname"]
    names = [value.value for value in given if isinstance(value, ast.Constant)]
    return str(names[0]) if names else node.name


def _problems(node: ast.FunctionDef, folder: ExtensionFolder) -> Iterator[tuple[str, str]]:
    hook = _hook(node)
    if hook not in BUDGET_SECONDS:
        hint = nearest(hook, BUDGET_SECONDS) or f" Known are: {', '.join(BUDGET_SECONDS)}."
        yield "unknown_hook", f"There is no hook {hook}.{hint}"
        return
    known = hook_arguments(hook)
    for argument in node.args.args:
        if argument.arg not in {"self", *known}:
            hint = nearest(argument.arg, known) or f" It has: {', '.join(known) or 'none'}."
            yield "unknown_argument", f"The hook {hook} has no argument {argument.arg}.{hint}"
    declared = folder.manifest.hooks if folder.manifest else None
    if declared is not None and hook not in declared:
        yield "undeclared_hook", f"The hook {hook} is not listed under hooks in manifest.json."
