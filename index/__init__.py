"""Text to vectors to passages found: the part of Isoglot that needs neither service nor training.

What users import from here: `Encoder` (texts → vectors), `Collection` and `Catalog` (passages on disk,
searched), `Passage` and `read_passages` (passages and the lines they are read from). What other wings
take beside them:

- `errors`, `faults`: everything raised on purpose; what pydantic found wrong, in words. `settings`: the
  settings of this wing. `cli`: the command line they add verbs to.
- `encoder`, `graph`: texts → vectors; the network under it. `encoder_folder`, `foreign_encoder`, `hub`:
  what an encoder's folder holds; folders others made; those on a hub.
- `text`, `languages`: checks on texts; BCP 47 codes and detection.
- `passages`, `question`, `filters`: what is stored; what is asked; filters on metadata.
- `catalog`, `collection`, `answer`: where passages are kept and searched; what a search answers.
- `lexical`, `bias`, `merging`: search by words; what an answer favours; rules that even it out. `audit`:
  all of it, measured.
- `jobs`: batch indexing. `demo`: the demo set.
- `threads`: cores, and who gets how many. `extras`: whether what an extra brings is there.

What is imported from here is loaded when it is asked for (`on_demand`).
"""

from typing import TYPE_CHECKING

from index.on_demand import exports

__all__ = ["Added", "Answer", "Catalog", "Collection", "Embedded", "Encoder", "Hit", "Passage", "read_passages"]

if TYPE_CHECKING:
    from index.answer import Answer, Hit
    from index.catalog import Catalog
    from index.collection import Added, Collection
    from index.encoder import Embedded, Encoder
    from index.passages import Passage, read_passages
else:
    __getattr__ = exports(
        __name__,
        {
            "Added": "index.collection",
            "Answer": "index.answer",
            "Catalog": "index.catalog",
            "Collection": "index.collection",
            "Embedded": "index.encoder",
            "Encoder": "index.encoder",
            "Hit": "index.answer",
            "Passage": "index.passages",
            "read_passages": "index.passages",
        },
    )
