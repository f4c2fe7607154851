"""Vectors in Elasticsearch, 8.4 or newer."""

from collections.abc import Mapping
from typing import Any

from application.documents.ports import Unfit
from infrastructure.vectors.lucene import PAGE_MAX, Json, LuceneStore

VERSION_MIN = (8, 4)
DIMENSION_MAX = 4096


class ElasticsearchStore(LuceneStore):
    """A `dense_vector` field with an HNSW graph of whole floats."""

    kind = "elasticsearch"
    title = "Elasticsearch"

    def judge(self, version: Mapping[str, Any]) -> None:
        """Elasticsearch, not OpenSearch, and not too old for filters inside a search."""
        number = str(version["number"])
        if version.get("distribution") == "opensearch":
            raise Unfit("This is OpenSearch; choose that kind of store.")
        parts = tuple(int(each) for each in number.split(".")[:2] if each.isdigit())
        if parts < VERSION_MIN:
            raise Unfit(f"This is Elasticsearch {number}; Quire needs 8.4 or newer.")

    def settings(self) -> Json:
        """Nothing special."""
        return {}

    def vector(self, dimension: int) -> Json:
        """Compared by angle; the graph is named, since newer servers would round by default."""
        if dimension > DIMENSION_MAX:
            raise Unfit(f"Elasticsearch takes {DIMENSION_MAX} dimensions, not {dimension}.")
        return {
            "type": "dense_vector",
            "dims": dimension,
            "index": True,
            "similarity": "cosine",
            "index_options": {"type": "hnsw", "m": 16, "ef_construction": 100},
        }

    def dimension(self, mapping: Mapping[str, Any]) -> object:
        """The dimension a mapping has."""
        return mapping.get("dims", 0)

    def nearest(self, vector: list[float], limit: int, chosen: Json | None) -> Json:
        """A search by `knn` with its own filter."""
        knn: Json = {
            "field": "vector",
            "query_vector": vector,
            "k": limit,
            "num_candidates": min(PAGE_MAX, max(150, 2 * limit)),
        }
        return {"knn": knn if chosen is None else {**knn, "filter": chosen}}
