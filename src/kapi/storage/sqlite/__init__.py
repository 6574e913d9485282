"""The embedded durable engine: one SQLite file, one writer, group commit."""

from kapi.storage.sqlite.database import Durability
from kapi.storage.sqlite.engine import SQLiteEngine

__all__ = ["Durability", "SQLiteEngine"]
