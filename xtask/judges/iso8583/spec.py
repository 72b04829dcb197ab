"""ISO 8583:1987 as our messages have it, for pyiso8583: its own table of elements, with chip data to 999 bytes, 120 characters of
additional amounts, and the bitmaps and security data in bytes."""

import copy

from iso8583.specs import default_ascii

SPEC = copy.deepcopy(default_ascii)
for field in ("p", "1", "52", "55", "64", "96", "128"):
    SPEC[field].update(data_enc="b")
for field in ("p", "1", "52", "64", "96", "128"):
    SPEC[field].update(max_len=8)
SPEC["54"].update(max_len=120)
SPEC["55"].update(max_len=999)
