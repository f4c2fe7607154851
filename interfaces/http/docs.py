"""The description of the API for people: one plain page, without scripts and without outsiders."""

from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from interfaces.http.doors import Door

router = Door(root="", include_in_schema=False)

STYLE = (
    "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code,pre{font:14px/1.4 ui-monospace,monospace}summary{cursor:pointer;padding:.3rem 0}"
    "b{display:inline-block;min-width:4.5rem}table{border-collapse:collapse}"
    "td{border-top:1px solid #8884;padding:.2rem .8rem .2rem 0;vertical-align:top}"
    ":root{color-scheme:light dark}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


@router.get("/docs")
async def read_docs(request: Request) -> HTMLResponse:
    """All operations on one page; `/openapi.json` is the same for programs."""
    return HTMLResponse(page(request.app.openapi()), headers={"Content-Security-Policy": POLICY})


def page(found: dict[str, Any]) -> str:
    """The whole page."""
    operations = [
        section(method, path, operation)
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    ]
    title = escape(f"{found['info']['title']} API {found['info']['version']}")
    about = escape(found["info"].get("description", ""))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}</style>"
        f"<h1>{title}</h1><p>{about}</p><p><a href=/openapi.json>openapi.json</a></p>"
        + "".join(operations)
        + "</html>"
    )


def section(method: str, path: str, operation: dict[str, Any]) -> str:
    """One operation, folded."""
    rows = [
        row(f"{each['name']} ({each['in']})", kind(each["schema"]), each.get("description", ""))
        for each in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        rows.append(row("body", kind(body["schema"]), ""))
    for status, response in operation["responses"].items():
        content: dict[str, Any] = next(iter(response.get("content", {}).values()), {})
        rows.append(row(status, kind(content.get("schema", {})), response["description"]))
    return (
        f"<details><summary><b>{escape(method.upper())}</b> <code>{escape(path)}</code> "
        f"{escape(operation.get('summary', ''))}</summary>"
        f"<p>{escape(operation.get('description', ''))}</p><table>{''.join(rows)}</table></details>"
    )


def row(name: str, what: str, text: str) -> str:
    """A line of a table."""
    return f"<tr><td>{escape(name)}<td><code>{escape(what)}</code><td>{escape(text)}"


def kind(schema: dict[str, Any]) -> str:
    """What a schema is called."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(kind(each) for each in schema["anyOf"])
    return str(schema.get("format") or schema.get("type", ""))
