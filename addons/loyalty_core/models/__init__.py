from . import loy_code_mixin
