"""What must hold over any number of lives of a store, judged from their journals alone."""

from __future__ import annotations

import json

__all__ = ["Verdict"]


class Verdict:
    """Follows the journals of one store's lives and fails at the first broken promise.

    ``state`` is what every client was told: key -> (tag, mod_revision). A transaction that was
    under way when its process died is open until the next life shows whether it happened.
    """

    def __init__(self):
        self.state = {}
        self.revision = 1
        self.acknowledged = 0
        self.happened = 0
        self.vanished = 0
        self._open = {}
        self._answered = 1
        # What the watch has told, over all lives.
        self.watched_revision = 1
        self._watched = {}

    def read(self, journal):
        """Judge what one life has written; a last line without its end does not count."""
        for line in journal.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                kind, *rest = json.loads(line)
                getattr(self, kind)(*rest)

    def open(self, revision, state):
        """A store was opened after its last process died."""
        assert revision >= self.revision, "the revision went back"
        assert revision >= self._answered, "an acknowledged revision is lost"
        for client, tags in self._open.items():
            self._settle(client, tags, state)
        self._open = {}
        found = {key: (tag, at) for key, (tag, at) in state.items()}
        assert found == self.state, "the state is not what was acknowledged"
        self.revision = revision

    def _settle(self, client, tags, state):
        """A transaction without an answer happened as a whole or not at all."""
        before = {key: self.state.get(key) for key in tags}
        after = {key: tuple(state[key]) if key in state else None for key in tags}
        if after == before:
            self.vanished += 1
            return
        revisions = {each[1] for each in after.values() if each is not None}
        assert {key: each and each[0] for key, each in after.items()} == tags, (
            f"the transaction of client {client} is half there"
        )
        assert len(revisions) <= 1, f"the transaction of client {client} was torn apart"
        assert not revisions or max(revisions) > self.revision
        self.happened += 1
        self._apply(tags, max(revisions, default=0))

    def begin(self, client, tags):
        """A client asks for a transaction."""
        assert client not in self._open
        self._open[client] = tags

    def refused(self, client):
        """The transaction was refused: nothing of it may ever be seen."""
        del self._open[client]

    def done(self, client, revision):
        """The transaction was acknowledged."""
        self.acknowledged += 1
        self._answered = max(self._answered, revision)
        self._apply(self._open.pop(client), revision)

    def _apply(self, tags, revision):
        for key, tag in tags.items():
            if tag is None:
                self.state.pop(key, None)
            else:
                self.state[key] = (tag, revision)

    def events(self, events):
        """The watch went on: each revision once, in order, none left out."""
        for revision, key, tag in events:
            assert revision in {self.watched_revision, self.watched_revision + 1}, (
                f"after revision {self.watched_revision} the watch told of {revision}"
            )
            self.watched_revision = revision
            if tag is None:
                assert self._watched.pop(key, None) is not None, "a deletion was told twice"
            else:
                assert self._watched.get(key) != (tag, revision), "a change was told twice"
                self._watched[key] = (tag, revision)

    def end(self):
        """All lives are over, the last one without a kill: the watch has told everything."""
        assert not self._open
        assert self._watched == self.state, "the watch tells another story than the store"
        assert self.watched_revision == self.revision
