"""What the extension answers at /api/extensions/hello-routes/..."""

from flask import Blueprint, Response, send_from_directory

from extensions.sdk.context import Context

MOST = 100


def make_routes(app: Context) -> Blueprint:
    """Give a new Blueprint that speaks for the workspace of each call."""
    routes = Blueprint("hello_routes", __name__, url_prefix="/api/extensions/hello-routes")

    @routes.get("/hello")
    def hello() -> dict[str, object]:
        page = app.leads.list(limit=MOST)
        return {
            "message": f"Hello, {app.workspace.name}!",
            "leads": len(page.data),
            "more_leads": page.next_cursor is not None,
        }

    @routes.get("/greeting.txt")
    def greeting() -> Response:
        return send_from_directory(f"{routes.root_path}/static", "greeting.txt")

    return routes
