"""The collections of one Milvus database."""

from __future__ import annotations

from pymilvus import MilvusClient

from index.errors import Conflict, NotFound
from index.milvus.index import MilvusIndex
from index.milvus.names import given_name, stored_name
from index.milvus.server import TIMEOUT, Address, connect, told

__all__ = ["MilvusPlace"]


class MilvusPlace:
    """Opens, lists and removes collections of a Milvus; `Place` in `index/places.py` says what each does.

    token: `user:password` or an API key; None for a server that asks for none.
    Raises StorageUnavailable, on first use, when nothing answers at the address.
    """

    def __init__(self, address: Address, token: str | None = None) -> None:
        self.address, self._token = address, token
        self._connected: MilvusClient | None = None

    @property
    def _client(self) -> MilvusClient:
        if self._connected is None:
            self._connected = connect(self.address, self._token)
        return self._connected

    def names(self) -> list[str]:
        """Names of collections and of aliases."""
        with told(self.address):
            stored = self._client.list_collections(timeout=TIMEOUT)
        named = [name for name in map(given_name, stored) if name is not None]
        return sorted({*named, *self.aliases()})

    def has(self, name: str) -> bool:
        """Whether there is a collection or alias of that name."""
        with told(self.address):
            return bool(self._client.has_collection(stored_name(name), timeout=TIMEOUT))

    def open(self, name: str, facts: dict[str, str], read_only: bool = False) -> MilvusIndex:
        """The collection, made when absent unless read_only; raises what `MilvusIndex` raises."""
        return MilvusIndex(self.address, self._token, name, facts, read_only)

    def delete(self, name: str) -> None:
        """Remove a collection, or only the alias where the name is one; raises NotFound, Conflict."""
        aliases = self.aliases()
        if name in aliases:
            self.drop_alias(name)
            return
        if not self.has(name):
            raise NotFound(f"There is no collection {name!r}.", collection=name)
        held = sorted(alias for alias, target in aliases.items() if target == name)
        if held:
            raise Conflict(
                f"Collection {name!r} is what the alias {held[0]!r} stands for; point the alias elsewhere or delete it "
                "first.",
                collection=name,
                aliases=held,
            )
        with told(self.address, name):
            self._client.drop_collection(stored_name(name), timeout=TIMEOUT)

    def rename(self, name: str, new: str) -> None:
        """Give a collection another name."""
        with told(self.address, name):
            self._client.rename_collection(stored_name(name), stored_name(new), timeout=TIMEOUT)

    def aliases(self) -> dict[str, str]:
        """Alias → the collection it stands for."""
        with told(self.address):
            listed = self._client.list_aliases(timeout=TIMEOUT)["aliases"]
            told_of = [self._client.describe_alias(alias, timeout=TIMEOUT) for alias in listed if given_name(alias)]
        found = {given_name(item["alias"]): given_name(item["collection_name"]) for item in told_of}
        return {alias: target for alias, target in sorted(found.items()) if alias and target}

    def resolve(self, name: str) -> str:
        """The name itself: Milvus finds what an alias stands for at every call."""
        return name

    def set_alias(self, alias: str, name: str) -> None:
        """Let an alias stand for a collection, at once for every reader; raises NotFound, Conflict."""
        aliases = self.aliases()
        if name not in self.names() or name in aliases:
            raise NotFound(f"There is no collection {name!r} for an alias to stand for.", collection=name)
        if alias not in aliases and self.has(alias):
            raise Conflict(f"{alias!r} is a collection itself; copy or delete it first.", collection=alias)
        change = self._client.alter_alias if alias in aliases else self._client.create_alias
        with told(self.address, name):
            change(collection_name=stored_name(name), alias=stored_name(alias), timeout=TIMEOUT)

    def take_over(self, name: str, target: str, aside: str) -> None:  # noqa: ARG002 (the place's signature)
        """Raise Conflict: Milvus cannot rename a collection and give its name away in one step."""
        raise Conflict(
            f"{name!r} is a collection, and Milvus cannot let its name stand for another one in one step. Keep it "
            f"under another name with an alias {name!r} (docs/scaling.md).",
            collection=name,
        )

    def tidy(self) -> None:
        """Nothing is left to do."""

    def drop_alias(self, alias: str) -> None:
        """Remove an alias, its collection stays; raises NotFound."""
        if alias not in self.aliases():
            raise NotFound(f"There is no alias {alias!r}.", collection=alias)
        with told(self.address):
            self._client.drop_alias(stored_name(alias), timeout=TIMEOUT)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connected is not None:
            self._connected.close()
            self._connected = None
