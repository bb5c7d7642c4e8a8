"""Settings of the index, from the environment (prefix `ISOGLOT_`) or a `.env` file.

The service adds its own in `service/settings.py`; `docs/settings.md` is made from both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from index.encoder import Encoder
from index.encoders import Encoders
from index.errors import InvalidInput
from index.faults import faults_told
from index.languages import language_codes
from index.local.build import Shape
from index.local.manifest import Storage
from index.places import LOCAL, LocalOptions, Place, open_place
from index.pooling import POOLINGS
from index.reranker import Reranker

__all__ = ["IndexSettings"]


class IndexSettings(BaseSettings):
    """What the command line and the service share."""

    model_config = SettingsConfigDict(env_prefix="ISOGLOT_", env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(Path("data"), description="Folder that holds the collections.")
    index: str = Field(
        LOCAL,
        description="Where passages and vectors are kept: `local`, in the folder above, or in a Milvus, as "
        "`milvus://host:19530[/database]` (`milvus+https://` for TLS), which needs the extra `milvus`; "
        "see docs/scaling.md.",
    )
    milvus_token: SecretStr | None = Field(
        None, description="What Milvus asks for, `user:password` or an API key; unset for a server that asks nothing."
    )
    storage: Storage = Field(
        "float32",
        description="How local collections keep vectors for searching: `float32`, `float16` or `int8`; hits of the "
        "latter two are scored anew from the vectors in the database. Holds for what is sealed from then on.",
    )
    recall: float = Field(
        0.99,
        gt=0,
        le=1,
        description="Share of the exact ten nearest that approximate search must find, in every language; measured "
        "after building and shown in a collection's info. 1 searches exactly.",
    )
    exact_below: int | None = Field(
        None,
        ge=1,
        description="With fewer passages than this, local collections are searched exactly, from memory; unset takes "
        "as many as one core reads in a millisecond or two: 10,416 of 384 dimensions, 3,906 of 1,024.",
    )
    gpu_memory: float | None = Field(
        None,
        ge=0,
        description="GiB of a GPU's memory that the vectors of all collections may take together, with the extra "
        "`gpu`; unset takes four fifths of what is free, 0 none.",
    )
    snapshot_hours: float | None = Field(
        None, gt=0, description="Hours between snapshots of each local collection that is open; unset takes none."
    )
    snapshots_kept: int = Field(7, ge=1, description="Snapshots of a collection that stay; older ones are removed.")
    encoder: str = Field(
        "isoglot-static",
        description="Name of a bundled encoder, a folder made by Isoglot, Optimum or sentence-transformers, or a "
        "hub id such as `intfloat/multilingual-e5-small` (with `@revision` to pin it).",
    )
    encoders: list[str] = Field(
        [],
        description="Further encoders that collections may have, as JSON: hub ids, encoder folders, and folders that "
        "hold encoder folders. They must say their prompts and pooling themselves. Those bundled need not be listed.",
    )
    query_prompt: str | None = Field(
        None, description="Put before each query, for an encoder that does not say its own; unset takes what it says."
    )
    passage_prompt: str | None = Field(None, description="The same for passages.")
    pooling: str | None = Field(
        None,
        description="How vectors of tokens become one (`mean`, `cls`, …), for an encoder that does not say; unset "
        "refuses such an encoder.",
    )
    reranker: str | None = Field(
        None,
        description="Cross-encoder in ONNX that reads the first hits of a search that asks for it (`rerank`): a folder "
        "or a hub id; unset refuses such searches. See docs/hybrid.md.",
    )
    offline: bool = Field(False, description="Never ask a hub: encoders come from folders and the hub's cache.")
    threads: int | None = Field(None, ge=1, description="Cores for encoding; unset uses all there are.")
    languages: list[str] | None = Field(
        None,
        description='Closed list of languages detection may answer, as JSON (`["de","th"]`); unset allows every '
        "language the detector knows. Languages given by the caller are not limited by it.",
    )

    @field_validator("pooling")
    @classmethod
    def _known_pooling(cls, pooling: str | None) -> str | None:
        if pooling not in (None, *POOLINGS):
            raise ValueError(f"{pooling!r} is no pooling; use one of {', '.join(POOLINGS)}")
        return pooling

    job_sources: list[str] = Field(
        [],
        description="What `POST /jobs` may read, as JSON: folders of the server and beginnings of URLs "
        '(`["/srv/incoming", "s3://bucket/", "hf:"]`); nothing by default. The command line may read anything.',
    )

    @field_validator("languages")
    @classmethod
    def _known(cls, codes: list[str] | None) -> list[str] | None:
        return None if codes is None else language_codes(codes)

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Settings from the environment; values given count more, None counts as not given.

        Raises InvalidInput naming every variable at fault.
        """
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            told = faults_told(error, "settings")
            raise InvalidInput(f"A setting is wrong (docs/settings.md): {told}. Lists are JSON.") from error
        except SettingsError as error:
            raise InvalidInput(f"A setting is wrong (docs/settings.md): {error}. Lists are JSON.") from error

    def load_encoder(self) -> Encoder:
        """The encoder that is set; raises what `Encoder` raises."""
        return Encoder(self.encoder, self.threads, self.query_prompt, self.passage_prompt, self.pooling, self.offline)

    def load_reranker(self) -> Reranker | None:
        """The reranker that is set; None where none is. Raises what `Reranker` raises."""
        return None if self.reranker is None else Reranker(self.reranker, self.threads, self.offline)

    def open_encoders(self) -> Encoders:
        """The encoders that collections may have; none is loaded yet."""
        return Encoders(self.encoder, self.load_encoder, self.encoders, self.threads, self.offline)

    def encoders_for(self, asked: str | None) -> tuple[Encoder, Encoders | None]:
        """The encoder of collections made by a verb, and where those of older ones are found.

        asked: the encoder that was given on the command line, in force as `encoder`: no other is looked for, None then.
        """
        if asked is not None:
            return self.load_encoder(), None
        encoders = self.open_encoders()
        return encoders.default, encoders

    @property
    def collections(self) -> Path:
        """The folder with one folder per collection."""
        return self.data / "collections"

    @property
    def snapshots(self) -> Path:
        """The folder with one folder of snapshots per collection."""
        return self.data / "snapshots"

    def place(self, index: str | None = None) -> Place:
        """Where the collections are; index: another place than the one set. Raises InvalidInput."""
        token = None if self.milvus_token is None else self.milvus_token.get_secret_value()
        options = LocalOptions(
            Shape(self.storage, self.recall, self.exact_below, self.threads),
            self.gpu_memory,
            self.snapshot_hours,
            self.snapshots,
            self.snapshots_kept,
        )
        return open_place(index or self.index, self.collections, token, options)
