"""What a class in Weaviate's schema may say, and what the server adds to it."""

from typing import Any, Literal

from pydantic import Field, ValidationError

from tests.stores.serving import Form, Refusal

Json = dict[str, Any]


class Property(Form):
    name: str
    dataType: list[Literal["text"]]  # noqa: N815
    tokenization: Literal["field", "word"]
    indexFilterable: bool  # noqa: N815
    indexSearchable: bool  # noqa: N815
    skip_vectorization: Literal[False] = False  # the client says this; servers do not listen
    vectorize_property_name: bool = False


class HnswConfig(Form):
    distance: Literal["cosine"]
    efConstruction: int  # noqa: N815
    maxConnections: int  # noqa: N815


class Vector(Form):
    vectorizer: dict[Literal["none"], Json]
    vectorIndexType: Literal["hnsw"]  # noqa: N815
    vectorIndexConfig: HnswConfig  # noqa: N815


class Tenancy(Form):
    enabled: Literal[False]


class Class(Form):
    name: str = Field(alias="class", pattern="^[A-Z][_0-9A-Za-z]*$")
    description: str
    properties: list[Property]
    vectorConfig: dict[str, Vector]  # noqa: N815
    multiTenancyConfig: Tenancy  # noqa: N815


def checked(body: Json) -> None:
    """Refuse what the form does not know."""
    try:
        Class.model_validate(body)
    except ValidationError as error:
        raise Refusal(422, "", str(error)[:300]) from None


SHARDING = {
    "actualCount": 1,
    "actualVirtualCount": 128,
    "desiredCount": 1,
    "desiredVirtualCount": 128,
    "function": "murmur3",
    "key": "_id",
    "strategy": "hash",
    "virtualPerPhysical": 128,
}
HNSW = {
    "cleanupIntervalSeconds": 300,
    "dynamicEfFactor": 8,
    "dynamicEfMax": 500,
    "dynamicEfMin": 100,
    "ef": -1,
    "filterStrategy": "sweeping",
    "flatSearchCutoff": 40000,
    "skip": False,
    "vectorCacheMaxObjects": 10**12,
}
WORDS = {
    "bm25": {"b": 0.75, "k1": 1.2},
    "cleanupIntervalSeconds": 60,
    "stopwords": {"additions": None, "preset": "en", "removals": None},
}
TENANCY = {"enabled": False, "autoTenantCreation": False, "autoTenantActivation": False}


def with_defaults(body: Json) -> Json:
    """A class as the server tells it."""
    return {
        **body,
        "invertedIndexConfig": WORDS,
        "replicationConfig": {"factor": 1, "asyncEnabled": False},
        "shardingConfig": SHARDING,
        "multiTenancyConfig": TENANCY,
        "properties": [{**each, "description": ""} for each in body["properties"]],
        "vectorConfig": {
            name: {**each, "vectorIndexConfig": {**HNSW, **each["vectorIndexConfig"]}}
            for name, each in body["vectorConfig"].items()
        },
    }
