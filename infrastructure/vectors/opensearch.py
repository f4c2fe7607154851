"""Vectors in OpenSearch, 2.4 or newer."""

from collections.abc import Mapping
from typing import Any

from application.documents.ports import Unfit
from infrastructure.vectors.lucene import Json, LuceneStore

VERSION_MIN = (2, 4)


class OpenSearchStore(LuceneStore):
    """A `knn_vector` field on the engine `lucene`, which filters while it searches."""

    kind = "opensearch"
    title = "OpenSearch"

    def entry(self, key: str) -> dict[str, str]:
        """The header that lets us in: "name:password", or a token."""
        if key and ":" not in key:
            return {"authorization": f"Bearer {key}"}
        return super().entry(key)

    def judge(self, version: Mapping[str, Any]) -> None:
        """OpenSearch, not Elasticsearch, and not too old for filters inside a search."""
        number = str(version["number"])
        if version.get("distribution") != "opensearch":
            raise Unfit("This is not OpenSearch; choose Elasticsearch for that kind of store.")
        parts = tuple(int(each) for each in number.split(".")[:2] if each.isdigit())
        if parts < VERSION_MIN:
            raise Unfit(f"This is OpenSearch {number}; Quire needs 2.4 or newer.")

    def settings(self) -> Json:
        """The index has graphs."""
        return {"settings": {"index": {"knn": True}}}

    def vector(self, dimension: int) -> Json:
        """Compared by angle."""
        return {
            "type": "knn_vector",
            "dimension": dimension,
            "method": {
                "name": "hnsw",
                "space_type": "cosinesimil",
                "engine": "lucene",
                "parameters": {"m": 16, "ef_construction": 128},
            },
        }

    def dimension(self, mapping: Mapping[str, Any]) -> object:
        """The dimension a mapping has."""
        return mapping.get("dimension", 0)

    def nearest(self, vector: list[float], limit: int, chosen: Json | None) -> Json:
        """A `knn` query with its own filter; more is looked at than is asked for."""
        knn: Json = {"vector": vector, "k": max(100, limit)}
        if chosen is not None:
            knn["filter"] = chosen
        return {"query": {"knn": {"vector": knn}}}
