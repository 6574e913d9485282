"""Finding extensions by name: ``module:attribute``, ``module`` or a path to a Python file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.ext.errors import DeclarationError
from kapi.ext.extension import Extension

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["load_extensions"]


# Where mistakes are found, but not made.
_HERE = str(Path(__file__).parent)


def load_extensions(place: str) -> list[Extension]:
    """The Extension that ``place`` names, or all of the module it names.

    The directory of a file, or else the current one, is where its imports are looked for first.
    Raises DeclarationError with one line for whatever is wrong.
    """
    where, _, attribute = place.partition(":")
    try:
        module = _load_file(where) if _is_path(where) else _load_module(where)
    except DeclarationError as error:
        raise DeclarationError(f"{place}: {error}{_line(error)}") from error
    except (Exception, SystemExit) as error:
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise DeclarationError(f"{place} cannot be imported: {message}{_line(error)}") from error
    if attribute:
        found = getattr(module, attribute, None)
        if not isinstance(found, Extension):
            what = "is not there" if found is None else f"is a {type(found).__name__}"
            raise DeclarationError(f"{place}: {attribute} {what}, an ext.Extension is wanted")
        return [found]
    extensions = list(
        {id(e): e for e in vars(module).values() if isinstance(e, Extension)}.values()
    )
    if not extensions:
        raise DeclarationError(f"{place}: there is no ext.Extension in the module")
    return extensions


def _is_path(where: str) -> bool:
    return where.endswith(".py") or "/" in where


def _load_module(name: str) -> ModuleType:
    _look_first_in(Path.cwd())
    return importlib.import_module(name)


def _load_file(where: str) -> ModuleType:
    path = Path(where).absolute()
    if not path.is_file():
        raise DeclarationError("there is no such file")
    known = sys.modules.get(path.stem)
    if known is not None:
        if getattr(known, "__file__", None) == str(path):
            return known
        raise DeclarationError(f"another module is called {path.stem}; rename the file")
    _look_first_in(path.parent)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise DeclarationError("it is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # annotations are looked up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module


def _look_first_in(directory: Path) -> None:
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))


def _line(error: BaseException) -> str:
    """Where in the user's code an import failed."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "importlib" not in file and not file.startswith(_HERE):
            found = f" ({file}:{trace.tb_lineno})"
        trace = trace.tb_next
    return found
