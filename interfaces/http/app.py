"""The web application."""

import asyncio
from importlib.metadata import version

from fastapi import FastAPI

from interfaces.http import (
    accounts,
    analytics,
    answers,
    api_keys,
    arena,
    chats,
    connections,
    contents,
    docs,
    document_features,
    document_settings,
    drive_files,
    drives,
    errors,
    evaluation_settings,
    exports,
    failures,
    feed,
    files,
    health,
    imports,
    indexes,
    judgings,
    knowledge,
    knowledge_contents,
    knowledge_sources,
    leaderboards,
    messages,
    metrics,
    models,
    openai,
    people,
    projections,
    queues,
    ratings,
    retrieval,
    sessions,
    settings,
    sinks,
    static,
    temporary,
    uploads,
    users,
    voters,
    votes,
    web_files,
)
from interfaces.http.deadline import Deadline
from interfaces.http.doors import open_doors
from interfaces.http.schema import describe
from interfaces.http.security import SameOrigin, SecureHeaders, SoundBodies
from interfaces.services import Services

# What is asked for most comes first; static takes all that is left.
DOORS = (
    messages,
    answers,
    feed,
    chats,
    accounts,
    sessions,
    api_keys,
    users,
    settings,
    models,
    connections,
    knowledge,
    knowledge_contents,
    knowledge_sources,
    people,
    ratings,
    arena,
    leaderboards,
    votes,
    voters,
    sinks,
    evaluation_settings,
    judgings,
    queues,
    analytics,
    retrieval,
    temporary,
    projections,
    uploads,
    files,
    contents,
    web_files,
    document_features,
    document_settings,
    drives,
    drive_files,
    indexes,
    exports,
    imports,
    failures,
    openai,
    health,
    metrics,
    docs,
    static,
)
DESCRIPTION = """
Every answer of a command carries the header `Position`. Send it as the header `Read-After` of any
read to see your own write: the read waits for it, for two seconds at most, else it answers 503.
Lists are pages: `next_cursor` is the `cursor` of the next one. Problems are RFC 9457 documents.
"""


def build(services: Services) -> FastAPI:
    """Assemble the web application around its services."""
    app = FastAPI(
        title="Quire",
        version=version("quire"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    app.state.draining = asyncio.Event()  # set when the server stops: streams tell their readers
    app.state.metrics = metrics.Metrics()
    app.state.files = static.StaticFiles()
    open_doors(app, (each.router for each in DOORS))
    errors.install(app)
    app.add_middleware(Deadline)
    app.add_middleware(SoundBodies, bytes_max=services.settings.request_bytes_max)
    app.add_middleware(SameOrigin, public_url=services.settings.public_url)
    app.add_middleware(SecureHeaders)
    app.add_middleware(metrics.Observed, metrics=app.state.metrics)
    describe(app)
    return app
