"""managedFields: which manager set which field of an object."""

from kapi.apimachinery.managedfields.fieldmanager import (
    FieldManager,
    gvk_text,
    keep_times,
    name_text,
)
from kapi.apimachinery.managedfields.scale import ScaleHandler
from kapi.apimachinery.managedfields.typeconverter import TypeConverter
from kapi.structuredmerge.merge import OtherVersion

__all__ = [
    "FieldManager",
    "OtherVersion",
    "ScaleHandler",
    "TypeConverter",
    "gvk_text",
    "keep_times",
    "name_text",
]
