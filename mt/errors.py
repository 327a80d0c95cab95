"""Every error this project raises on purpose, with the exit code of the command line.

::

    MTError                      1   anything of ours
    ├─ ConfigError               4   models.yaml unreadable, unknown key, name used twice, bad option value
    ├─ UnknownModel              4   no model of that name; the nearest names are listed
    ├─ ModelError                4
    │   ├─ ModelNotFound             not on disk; the message says the command that gets it
    │   ├─ ModelCorrupt              a checksum differs, or the files do not fit together
    │   └─ BackendUnavailable        an optional package is missing; the message names the extra
    ├─ InputError                3
    │   ├─ SourceUnreadable          missing file, URL failed or blocked
    │   ├─ EmptyInput
    │   ├─ InputTooLong              limit and size
    │   ├─ UnsupportedFormat
    │   ├─ UnsupportedLanguage
    │   └─ LengthMismatch            both names and both line counts
    ├─ DecodingError             1   the engine failed on valid input
    └─ EvalError                 3
        └─ UnknownTestset

A message names the thing, what was expected, and the next step.
"""


class MTError(Exception):
    exit_code = 1


class ConfigError(MTError):
    exit_code = 4


class UnknownModel(MTError):
    exit_code = 4


class ModelError(MTError):
    exit_code = 4


class ModelNotFound(ModelError):
    pass


class ModelCorrupt(ModelError):
    pass


class BackendUnavailable(ModelError):
    pass


class InputError(MTError):
    exit_code = 3


class SourceUnreadable(InputError):
    pass


class EmptyInput(InputError):
    pass


class InputTooLong(InputError):
    pass


class UnsupportedFormat(InputError):
    pass


class UnsupportedLanguage(InputError):
    pass


class LengthMismatch(InputError):
    pass


class DecodingError(MTError):
    pass


class EvalError(MTError):
    exit_code = 3


class UnknownTestset(EvalError):
    pass
