"""Settings of the index, from the environment (prefix `ISOGLOT_`) or a `.env` file.

The service adds its own in `service/settings.py`; `docs/settings.md` is made from both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from index.encoder import Encoder
from index.errors import InvalidInput
from index.languages import language_codes

__all__ = ["IndexSettings"]


class IndexSettings(BaseSettings):
    """What the command line and the service share."""

    model_config = SettingsConfigDict(env_prefix="ISOGLOT_", env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(Path("data"), description="Folder that holds the collections.")
    encoder: str = Field(
        "isoglot-static",
        description="Name of a bundled encoder, a folder made by Isoglot, Optimum or sentence-transformers, or a "
        "hub id such as `intfloat/multilingual-e5-small` (with `@revision` to pin it).",
    )
    query_prompt: str | None = Field(
        None, description="Put before each query, for an encoder that does not say its own; unset takes what it says."
    )
    passage_prompt: str | None = Field(None, description="The same for passages.")
    threads: int | None = Field(None, ge=1, description="Cores for encoding; unset uses all there are.")
    languages: list[str] | None = Field(
        None,
        description='Closed list of languages detection may answer, as JSON (`["de","th"]`); unset allows every '
        "language the detector knows. Languages given by the caller are not limited by it.",
    )

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
            faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
            raise InvalidInput(f"A setting is wrong (docs/settings.md): {faults}. Lists are JSON.") from error
        except SettingsError as error:
            raise InvalidInput(f"A setting is wrong (docs/settings.md): {error}. Lists are JSON.") from error

    def load_encoder(self) -> Encoder:
        """The encoder that is set; raises what `Encoder` raises."""
        return Encoder(self.encoder, self.threads, self.query_prompt, self.passage_prompt)

    @property
    def collections(self) -> Path:
        """The folder with one folder per collection."""
        return self.data / "collections"
