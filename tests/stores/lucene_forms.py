"""The published forms of requests to Elasticsearch and OpenSearch, as far as we use them."""

from typing import Any, Literal

from pydantic import Field, model_validator

from tests.stores.serving import Form

Asked = tuple[list[float], int, "Query | None"] | None


class Terms(Form):
    terms: dict[str, list[str]] = Field(min_length=1, max_length=1)


class Should(Form):
    should: list["Query"]


class Bool(Form):
    bool: Should


Query = Terms | Bool


class DeleteByQuery(Form):
    query: Query


class Keyword(Form):
    type: Literal["keyword"]


class Hnsw(Form):
    type: Literal["hnsw"]
    m: int
    ef_construction: int


class DenseVector(Form):
    type: Literal["dense_vector"]
    dims: int = Field(ge=1, le=4096)
    index: bool
    similarity: Literal["cosine"]
    index_options: Hnsw


class MethodParameters(Form):
    m: int
    ef_construction: int


class Method(Form):
    name: Literal["hnsw"]
    space_type: Literal["cosinesimil"]
    engine: Literal["lucene"]
    parameters: MethodParameters


class KnnVector(Form):
    type: Literal["knn_vector"]
    dimension: int = Field(ge=1, le=16_000)
    method: Method


class Source(Form):
    excludes: list[str]


class Mappings(Form):
    dynamic: Literal["strict"]
    source: Source = Field(alias="_source")
    properties: dict[str, Keyword | DenseVector | KnnVector]


class CreateIndex(Form):
    aliases: dict[str, dict[str, Any]]
    mappings: Mappings


class ElasticCreate(CreateIndex):
    @model_validator(mode="after")
    def own_fields(self) -> "ElasticCreate":
        if any(isinstance(each, KnnVector) for each in self.mappings.properties.values()):
            raise ValueError("No handler for type [knn_vector]")
        return self


class KnnSetting(Form):
    knn: Literal[True]


class IndexSettings(Form):
    index: KnnSetting


class OpenCreate(CreateIndex):
    settings: IndexSettings

    @model_validator(mode="after")
    def own_fields(self) -> "OpenCreate":
        if any(isinstance(each, DenseVector) for each in self.mappings.properties.values()):
            raise ValueError("No handler for type [dense_vector]")
        return self


BODIES: dict[str, type[CreateIndex]] = {"elasticsearch": ElasticCreate, "opensearch": OpenCreate}


class SearchBase(Form):
    size: int = Field(default=10, ge=0)
    source: bool | list[str] = Field(default=True, alias="_source")
    sort: list[dict[str, Literal["asc"]]] | None = None
    search_after: list[str] | None = None

    def nearest(self) -> Asked:
        return None


class ElasticKnn(Form):
    field: Literal["vector"]
    query_vector: list[float]
    k: int = Field(ge=1)
    num_candidates: int = Field(ge=1, le=10_000)
    filter: Query | None = None

    @model_validator(mode="after")
    def enough(self) -> "ElasticKnn":
        if self.k > self.num_candidates:
            raise ValueError("[num_candidates] cannot be less than [k]")
        return self


class ElasticSearch(SearchBase):
    knn: ElasticKnn | None = None

    def nearest(self) -> Asked:
        if self.knn is None:
            return None
        return self.knn.query_vector, self.knn.k, self.knn.filter


class OpenKnn(Form):
    vector: list[float]
    k: int = Field(ge=1, le=10_000)
    filter: Query | None = None


class OpenQuery(Form):
    knn: dict[Literal["vector"], OpenKnn]


class OpenSearch(SearchBase):
    query: OpenQuery | None = None

    def nearest(self) -> Asked:
        if self.query is None:
            return None
        knn = self.query.knn["vector"]
        return knn.vector, knn.k, knn.filter
