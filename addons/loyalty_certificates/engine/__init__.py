from . import issue_certificate
