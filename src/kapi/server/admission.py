"""What a file says about the admission plugins of one server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.configuration import (
    AdmissionConfiguration,
    AdmissionConfigurationError,
    read_admission_configuration,
)
from kapi.server.options import StartError

if TYPE_CHECKING:
    from kapi.server.options import ServerOptions

__all__ = ["admission_configuration"]


def admission_configuration(options: ServerOptions) -> AdmissionConfiguration:
    """The configuration of plugins; StartError when the file cannot be used."""
    if options.admission_control_config_file is None:
        return AdmissionConfiguration()
    try:
        return read_admission_configuration(options.admission_control_config_file)
    except AdmissionConfigurationError as error:
        raise StartError(f"--admission-control-config-file: {error}") from error
