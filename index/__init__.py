"""Text to vectors to passages found: the part of Isoglot that needs neither service nor training.

What other wings and users may import:

- `Encoder`: texts → vectors. `Collection`, `Catalog`: passages on disk, searched.
- `Passage`, `read_passages`: passages and the lines they are read from.
- `index.errors`: everything raised on purpose.
"""

from index.answer import Answer, Hit
from index.catalog import Catalog
from index.collection import Added, Collection
from index.encoder import Embedded, Encoder
from index.passages import Passage, read_passages

__all__ = ["Added", "Answer", "Catalog", "Collection", "Embedded", "Encoder", "Hit", "Passage", "read_passages"]
