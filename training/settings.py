"""Settings of training and judging, from the environment (prefix `ISOGLOT_`) or a `.env` file."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["TrainingSettings"]


class TrainingSettings(BaseSettings):
    """What is set for a machine and not for a run; `docs/settings.md` is made from this object too."""

    model_config = SettingsConfigDict(env_prefix="ISOGLOT_", env_file=".env", extra="ignore", frozen=True)

    cache: Path = Field(
        Path("~/.cache/isoglot"),
        description="Folder for what judging fetches and computes: benchmarks and encodings. It can be deleted at any "
        "time.",
    )
    translation_key: SecretStr | None = Field(
        None, description="Key of the endpoint that `isoglot translate --endpoint` asks; unset sends none."
    )

    def cached(self, kind: str) -> Path:
        """The folder for one kind of thing; not made."""
        return self.cache.expanduser() / kind
