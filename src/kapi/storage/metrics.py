"""What the storage layer counts: durations of writes and loads, and sizes of group commits."""

from __future__ import annotations

from kapi.util.metrics import Histogram

__all__ = ["CommitMetrics", "StorageMetrics"]

# kube-apiserver's bounds of etcd_request_duration_seconds.
_SECONDS = (
    *(0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4),
    *(5, 6, 8, 10, 15, 20, 30, 45, 60),
)
_COMMIT_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5)
_TRANSACTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 250)


class StorageMetrics:
    """One resource: how long its requests to the engine took, by what was asked for."""

    __slots__ = ("create", "delete", "errors", "list", "update")

    def __init__(self) -> None:
        self.create = Histogram(_SECONDS)
        self.update = Histogram(_SECONDS)
        self.delete = Histogram(_SECONDS)
        self.list = Histogram(_SECONDS)
        self.errors = 0

    def operations(self) -> dict[str, Histogram]:
        """The durations by the name of the operation."""
        return {
            "create": self.create,
            "update": self.update,
            "delete": self.delete,
            "list": self.list,
        }


class CommitMetrics:
    """An embedded store's commits: how many transactions shared one, and how long it took."""

    __slots__ = ("seconds", "transactions")

    def __init__(self) -> None:
        self.transactions = Histogram(_TRANSACTIONS)
        self.seconds = Histogram(_COMMIT_SECONDS)

    def committed(self, transactions: int, seconds: float) -> None:
        """A group of transactions is on disk."""
        self.transactions.observe(transactions)
        self.seconds.observe(seconds)
