from . import certificate_export
