"""What the index benchmark searches: vectors by language, scenarios, exact answers; all kept in a folder.

Made vectors imitate an encoder's: meanings come in domains and topics that all languages share,
passages scatter around their topic with a decaying spectrum (about 25 directions carry most of it,
as in real embeddings), and each language sits a little aside. Shares follow Zipf's law with the
exponent that leaves the smallest of 20 languages 0.1 %.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np

LANGUAGES = [
    "en", "zh", "es", "ar", "hi", "fr", "ru", "pt", "de", "ja", "id", "tr", "vi", "ko", "it", "th", "pl", "uk",
    "sw", "yo",
]  # fmt: skip
SMALLEST = 0.001
FIELD = "bucket"
BUCKETS = 100
K = 10
BLOCK = 50_000
TUNING = 1000  # a graph misses all of few queries rather than a few of all: two hundred tell recall to a percent only
MEASURING = 1000


@dataclass(frozen=True)
class Scenario:
    """A filter: languages None means all; bucket is a value of the metadata field, None means any."""

    name: str
    languages: tuple[str, ...] | None = None
    bucket: int | None = None


@dataclass(frozen=True)
class Data:
    """Vectors with their languages and metadata, and queries held out from the same distribution.

    folder: where they lie. vectors: (n, dim) float32, L2-normalised. languages: (n,) numbers into `codes`,
    most frequent first. buckets: (n,) int64 from 0 to 99. tuning, queries: (q, dim), to choose
    settings by and to measure; all_queries: those of which `queries` are the first.
    """

    folder: Path
    vectors: np.ndarray
    languages: np.ndarray
    codes: list[str]
    buckets: np.ndarray
    tuning: np.ndarray
    queries: np.ndarray
    all_queries: np.ndarray

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def scenarios(self) -> list[Scenario]:
        """The five that are measured."""
        middle = (self.codes[1], self.codes[len(self.codes) // 2], self.codes[-2])
        return [
            Scenario("no filter"),
            Scenario("largest language", (self.codes[0],)),
            Scenario("smallest language", (self.codes[-1],)),
            Scenario("3 languages", middle),
            Scenario("1 % metadata", bucket=7),
        ]

    def allowed(self, scenario: Scenario) -> np.ndarray | None:
        """Sorted numbers of the passages that fit, (m,) int64; None means all."""
        if scenario.languages is not None:
            wanted = [self.codes.index(code) for code in scenario.languages]
            return np.flatnonzero(np.isin(self.languages, wanted))
        return None if scenario.bucket is None else np.flatnonzero(self.buckets == scenario.bucket)

    def floor(self, scenario: Scenario, tuning: bool = False) -> np.ndarray:
        """Per query the score of the last of the ten exact answers, kept on disk; whoever reaches it is one of them."""
        asked = self.tuning if tuning else self.all_queries
        title = scenario.name.replace(" ", "-").replace("%", "percent")
        kept = self.folder / f"floor-{title}-{zlib.crc32(np.ascontiguousarray(asked)):08x}.npy"
        if not kept.exists():
            allowed = self.allowed(scenario)
            among = self.vectors if allowed is None else self.vectors[allowed]
            np.save(kept, _exact(asked, among)[:, -1])
        return np.load(kept)[: len(self.tuning if tuning else self.queries)]

    def recall(self, asked: np.ndarray, answers: list[np.ndarray], floor: np.ndarray, fits: np.ndarray | None) -> float:
        """Share of the ten nearest that were found; equal scores count, passages outside the filter and repeats do not.

        asked: (q, dim). answers: per query numbers of passages. fits: (n,) who is allowed; None means all are.
        """
        shares = []
        for query, numbers, least in zip(asked, answers, floor, strict=True):
            found = np.unique(numbers[numbers >= 0])[:K]
            good = self.vectors[found] @ query >= least - 1e-5
            shares.append(np.count_nonzero(good if fits is None else good & fits[found]) / K)
        return float(np.mean(shares))


def _exact(queries: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    best = np.full((len(queries), K), -np.inf, dtype=np.float32)
    for start in range(0, len(vectors), BLOCK):
        part = np.ascontiguousarray(vectors[start : start + BLOCK])
        scores = faiss.knn(queries, part, min(K, len(part)), metric=faiss.METRIC_INNER_PRODUCT)[0]
        best = -np.sort(-np.hstack([best, scores]), axis=1)[:, :K]
    return best


def made(work: Path, size: int, dim: int, queries: int) -> Data:
    """Made vectors, from the folder when they were made before."""
    folder = work / f"made-{size}x{dim}"
    if not (folder / "ready.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shares = zipf(len(LANGUAGES))
        world = _World(size, dim, len(LANGUAGES))
        languages = np.random.default_rng(1).choice(len(LANGUAGES), size, p=shares)
        blocks = (world.draw(n, part) for n, part in enumerate(np.array_split(languages, -(-size // BLOCK))))
        _write(folder, blocks, size, dim)
        asked = np.random.default_rng(2).choice(len(LANGUAGES), TUNING + MEASURING, p=shares)
        _finish(folder, languages, LANGUAGES, world.draw(10**6, asked))
    return _load(folder, queries)


def zipf(count: int) -> np.ndarray:
    """Shares by rank, (count,) summing to 1, the last being `SMALLEST` (found by halving)."""
    low, high = 0.0, 5.0
    for _ in range(60):
        shares = np.arange(1, count + 1) ** -((low + high) / 2)
        shares /= shares.sum()
        low, high = ((low + high) / 2, high) if shares[-1] > SMALLEST else (low, (low + high) / 2)
    return shares


class _World:
    """Domains, topics, languages, and how passages scatter around them."""

    def __init__(self, size: int, dim: int, languages: int) -> None:
        rng = np.random.default_rng(0)
        self.topics_count = max(50, size // 200)
        domains_count = max(10, int(self.topics_count**0.5))
        spectrum = _unit_energy(np.arange(1, dim + 1) ** -0.5)
        domains = rng.normal(size=(domains_count, dim)) * spectrum
        of_topic = rng.integers(0, domains_count, self.topics_count)
        self.topics = 0.6 * domains[of_topic] + 0.8 * rng.normal(size=(self.topics_count, dim)) * spectrum
        # Each domain scatters along directions of its own.
        self.order = np.stack([rng.permutation(dim) for _ in range(domains_count)])[of_topic]
        self.offsets = rng.normal(size=(languages, dim)) / dim**0.5
        self.popularity = _shares(rng.zipf(1.5, self.topics_count).clip(max=100))
        self.spectrum = spectrum

    def draw(self, seed: int, languages: np.ndarray) -> np.ndarray:
        """Vectors of passages in the given languages, (n, dim) float32, L2-normalised."""
        rng = np.random.default_rng([3, seed])
        topics = rng.choice(self.topics_count, len(languages), p=self.popularity)
        drawn = rng.normal(size=(len(topics), len(self.spectrum))) * self.spectrum
        scatter = np.take_along_axis(drawn, self.order[topics], 1)
        vectors = (0.7 * self.topics[topics] + 0.35 * self.offsets[languages] + 0.6 * scatter).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _unit_energy(spectrum: np.ndarray) -> np.ndarray:
    return spectrum / np.linalg.norm(spectrum)


def _shares(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()


def real(work: Path, source: Path, size: int, queries: int) -> Data:
    """Texts of parquet tables with columns `lang` and `text`, encoded by the bundled encoder.

    source: folder of the tables. size: most passages; fewer when there are no more texts.
    """
    from index.encoder import Encoder

    encoder = Encoder("isoglot-static")
    folder = work / f"real-{size}x{encoder.dimension}"
    if not (folder / "ready.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        texts, spoken = _texts(source)
        order = np.random.default_rng(4).permutation(len(texts))
        asked, kept = order[: TUNING + MEASURING], order[TUNING + MEASURING :][:size]
        codes, counts = np.unique(spoken[kept], return_counts=True)
        codes = codes[np.argsort(-counts, kind="stable")]
        place = {code: n for n, code in enumerate(codes.tolist())}
        parts = np.array_split(kept, -(-len(kept) // 5000))
        blocks = (encoder.encode([texts[i] for i in part], "passage") for part in parts)
        _write(folder, blocks, len(kept), encoder.dimension)
        languages = np.array([place[code] for code in spoken[kept]])
        _finish(folder, languages, codes.tolist(), encoder.encode([texts[i] for i in asked], "query"))
    return _load(folder, queries)


def _texts(source: Path) -> tuple[list[str], np.ndarray]:
    """Different texts of at least ten characters, cut at 2,000, with their languages."""
    import pyarrow.parquet as pq

    found: dict[str, str] = {}
    for table in sorted(source.glob("*.parquet")):
        if {"lang", "text"} <= set(pq.read_schema(table).names):
            columns = pq.read_table(table, columns=["lang", "text"])
            rows = zip(columns["text"].to_pylist(), columns["lang"].to_pylist(), strict=True)
            found.update((text[:2000], code) for text, code in rows if len(text) >= 10)
    return list(found), np.array(list(found.values()))


def _write(folder: Path, blocks: Iterator[np.ndarray], size: int, dim: int) -> None:
    out = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (size, dim))
    start = 0
    for block in blocks:
        out[start : start + len(block)] = block
        start += len(block)
    out.flush()


def _finish(folder: Path, languages: np.ndarray, codes: list[str], asked: np.ndarray) -> None:
    np.save(folder / "languages.npy", languages.astype(np.int64))
    np.save(folder / "buckets.npy", np.random.default_rng(5).integers(0, BUCKETS, len(languages)))
    np.save(folder / "asked.npy", asked)
    (folder / "ready.json").write_text(json.dumps({"codes": codes}))


def _load(folder: Path, queries: int) -> Data:
    asked = np.load(folder / "asked.npy")
    codes = json.loads((folder / "ready.json").read_text())["codes"]
    return Data(
        folder, np.load(folder / "vectors.npy", mmap_mode="r"), np.load(folder / "languages.npy"), codes,
        np.load(folder / "buckets.npy"), asked[:TUNING], asked[TUNING:][:queries], asked[TUNING:],
    )  # fmt: skip
