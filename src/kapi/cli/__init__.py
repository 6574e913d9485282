"""The ``kapi`` command, a module for each of its commands."""
