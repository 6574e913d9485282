"""managedFields: which manager set which field of an object."""

from kapi.apimachinery.managedfields.fieldmanager import FieldManager, OtherVersion
from kapi.apimachinery.managedfields.typeconverter import TypeConverter

__all__ = ["FieldManager", "OtherVersion", "TypeConverter"]
