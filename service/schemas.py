"""Shapes of requests and answers, as pydantic models: what `/docs` shows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from index.question import RERANKED, Mode
from service.bias_schemas import Bias

__all__ = [
    "CollectionInfo",
    "Deleted",
    "EncoderInfo",
    "Health",
    "HitOut",
    "Info",
    "LexicalIn",
    "LexicalInfo",
    "Limits",
    "PassageIn",
    "Problem",
    "QueryLanguage",
    "RequestModel",
    "SearchRequest",
    "SearchResponse",
    "SearchResponses",
    "Share",
    "Stored",
]


class RequestModel(BaseModel):
    """Unknown fields are errors: a misspelt `languages` must not search everything."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Every error's shape."""

    code: str = Field(description="Stable name of the error, for programs.", examples=["unknown_language"])
    message: str = Field(description="What was given, what is allowed and what to do.")
    detail: dict[str, Any] = Field(default_factory=dict, description="The same facts as data.")


class SearchRequest(RequestModel):
    """One question or several, and where to look."""

    query: str | Annotated[list[str], Field(min_length=1)] = Field(
        description="A question, or a list of them that are answered together.",
        examples=["ทำไมน้ำขึ้นน้ำลงวันละสองครั้ง"],
    )
    k: int = Field(10, description="Number of hits, 1 to 1000.", examples=[5])
    languages: list[str] | None = Field(
        None, description="Only passages in these languages (BCP 47); null searches all.", examples=[["de", "en"]]
    )
    where: dict[str, Any] | None = Field(
        None,
        description='Only passages whose metadata fits: {"field": value}, or {"field": {"in": […]}}, gt, gte, lt, lte.',
        examples=[{"topic": "tides"}],
    )
    collection: str | None = Field(None, description="Null searches the default collection.", examples=["demo"])
    query_language: str | None = Field(
        None, description="The queries' language, when known; null has it detected.", examples=["th"]
    )
    merge: str | dict[str, Any] | None = Field(
        None,
        description='How hits of several languages make one list: a rule\'s name, or {"rule": name, option: value}; '
        "null takes the collection's. See docs/merging.md.",
        examples=["centred", {"rule": "shift", "strength": 1.0}],
    )
    mode: Mode = Field(
        "dense",
        description="`dense` compares meaning; `lexical` counts shared words (BM25); `hybrid` does both, and leaves "
        "each language on the places that meaning gives it. The latter two need lexical search "
        "switched on (`PUT /collections/{name}/lexical`).",
    )
    rerank: bool = Field(
        False, description="Whether a cross-encoder reads the first hits and orders them (ISOGLOT_RERANKER)."
    )
    rerank_candidates: int = Field(RERANKED, description="Hits it reads, 1 to 1000; the rest follow as found.")
    bias: bool = Field(False, description="Whether the answer reports what it favours.")


class HitOut(BaseModel):
    """A passage found."""

    id: str
    language: str
    score: float = Field(description="Cosine similarity to the query, -1 to 1; what `dense` orders by.")
    lexical_score: float | None = Field(
        None, description="BM25, 0 or more; null where words were not asked or none matches. What `lexical` orders by."
    )
    rerank_score: float | None = Field(
        None, description="What the reranker gave, 0 to 1; null for hits it did not read."
    )
    title: str | None
    text: str
    metadata: dict[str, Any]
    offset_rank: int | None = Field(
        None,
        description="Its rank among all passages found with the languages' offsets removed; null when it would not be "
        "among the first k, and unless `bias` was asked for.",
    )


class QueryLanguage(BaseModel):
    """The query's language and how it was decided; it never limits the search."""

    code: str = Field(description='BCP 47; "und" when it could not be determined.')
    how: Literal["given", "detected", "undetermined"]
    confidence: float = Field(description="Probability, 0 to 1; 1 when given.")


class Share(BaseModel):
    """One language's part in the answer, beside its part in what was searched."""

    language: str
    hits: int
    hit_share: float
    pool_share: float


class SearchResponse(BaseModel):
    """Hits, best first, and what they favour."""

    hits: list[HitOut]
    query_language: QueryLanguage
    languages: list[str] = Field(description="The languages searched.")
    shares: list[Share]
    truncated: bool = Field(description="Whether the query was longer than the encoder reads.")
    mode: Mode = Field(description="What decided.")
    bias: Bias | None = Field(None, description="What the answer favours; null unless asked for.")
    merge: dict[str, Any] = Field(
        description="The rule that put the hits of the vectors in order.", examples=[{"rule": "score"}]
    )
    collection: str


class SearchResponses(BaseModel):
    """Answers to several questions, in their order."""

    answers: list[SearchResponse]


class PassageIn(RequestModel):
    """A passage to store."""

    id: str = Field(examples=["opening-hours.de"])
    text: str = Field(examples=["Das Museum öffnet dienstags bis sonntags um zehn Uhr."])
    language: str | None = Field(None, description="BCP 47; null has it detected.", examples=["de"])
    title: str | None = Field(None, examples=["Öffnungszeiten"])
    metadata: dict[str, Any] | None = None


class Stored(BaseModel):
    """What an upsert stored; it is on disk when this arrives."""

    stored: int
    by_language: dict[str, int]
    truncated: list[str] = Field(description="Ids of passages longer than the encoder reads.")


class Deleted(BaseModel):
    """What a deletion removed."""

    deleted: int


class LexicalIn(RequestModel):
    """Lexical search of a collection, on or off."""

    on: bool = Field(True, description="Switching it off forgets the words, and no passage.")


class LexicalInfo(BaseModel):
    """How far lexical search is."""

    state: Literal["off", "building", "ready"]
    done: float = Field(1.0, description="Share of the passages taken in, 0 to 1.")
    fault: str | None = Field(None, description="Why taking in failed last; it is tried again.")


class CollectionInfo(BaseModel):
    """A collection's size and make."""

    name: str
    passages: int
    languages: dict[str, int] = Field(description="Language → passages.")
    encoder: str
    dimension: int
    index: dict[str, Any] = Field(
        description="How it is stored: segments, bytes, recall promised and measured, what had to be made anew."
    )


class Health(BaseModel):
    """Whether the service can do its work, and why not."""

    status: Literal["ok", "unavailable"]
    reason: str | None = None


class EncoderInfo(BaseModel):
    """What an encoder reads and gives."""

    name: str
    dimension: int
    dimensions: list[int] = Field(description="Shorter lengths its vectors may be asked for (Matryoshka).")
    maximum_tokens: int = Field(description="Longer texts are cut, and told.")
    query_prompt: str = Field(description="Put before each query.")
    passage_prompt: str = Field(description="Put before each passage.")
    languages: list[str] = Field(description="Languages it was trained on, where known.")
    fingerprint: str = Field(description="Vectors of unequal fingerprints must not be compared.")


class Limits(BaseModel):
    """What a request may hold, and how long it may take."""

    body_bytes: int
    texts: int
    text_characters: int
    hits: int
    deadline_seconds: float


class Info(BaseModel):
    """What this service is and allows."""

    version: str
    encoder: EncoderInfo = Field(description="The one that is set (ISOGLOT_ENCODER), which new collections get.")
    encoders: list[EncoderInfo] = Field(description="All that collections opened so far have, that one first.")
    collection: str = Field(description="Searched when a request names none.")
    limits: Limits
