"""Keys of the servers that documents need. Each belongs to one address and goes nowhere else."""

from collections.abc import Mapping

from application.documents.settings import DocumentSettings, settings_of, values_of
from domain.document_settings import Values, merged
from infrastructure.credentials import Credentials

Where = tuple[str, str]


def servers(settings: DocumentSettings) -> dict[str, Where]:
    """The sections that can have a key, and for which kind of server at which address."""
    reranker = settings.retrieval.reranker
    return {
        "store": (settings.store.kind, settings.store.url),
        "reading": (settings.reading.engine, settings.reading.url),
        "hearing": (settings.hearing.engine, settings.hearing.url),
        "web": (settings.web.engine, settings.web.url),
        "retrieval.reranker": (reranker.kind, reranker.url),
        "drives.google": ("google", settings.drives.google.client_id),
        "drives.microsoft": ("microsoft", settings.drives.microsoft.client_id),
    }


def secret_name(section: str, where: Where) -> str:
    """What a key is kept under: another server never gets it."""
    return f"documents.{section} {where[0]} {where[1]}"


async def with_keys(
    credentials: Credentials,
    before: DocumentSettings,
    values: Values,
    keys: Mapping[str, str | None],
) -> Values:
    """Keep keys that were sent, and tell with the values which servers have one."""
    after = settings_of(merged(values_of(before), values))
    for section, where in servers(after).items():
        name = secret_name(section, where)
        if section in keys:
            await credentials.keep_secret(name, keys[section] or "")
        has_key = bool(await credentials.secret(name))
        told: Values = {"has_key": has_key}
        for part in reversed(section.split(".")):
            told = {part: told}
        values = merged(values, told)
    return values
