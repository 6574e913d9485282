"""The types of the API as data, and the functions compiled from them."""

from kapi.apimachinery.scheme.decode import DecodeError
from kapi.apimachinery.scheme.model import Field, Type
from kapi.apimachinery.scheme.scheme import Decoded, Scheme

__all__ = ["DecodeError", "Decoded", "Field", "Scheme", "Type"]
