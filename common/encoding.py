"""What is wrong with a file that should be text in UTF-8, and what it is likely to be instead."""

from __future__ import annotations

from .errors import Fault

#: Byte order marks of UTF-16.
UTF16 = (b"\xff\xfe", b"\xfe\xff")
_FOREIGN = {b"PK\x03\x04": "a zip archive; unpack it first", b"\x1f\x8b": "compressed with gzip; unpack it first"}


def encoding_faults(raw: bytes) -> list[Fault]:
    """List why bytes are not text in UTF-8: at most one fault, with the line and the likely encoding.

    Examples
    --------
    >>> print(*encoding_faults("name = 'Bündnis'".encode("latin-1")))
    line 1: not UTF-8 text (byte 0xFC); it looks like Windows-1252 or Latin-1: save it as UTF-8
    >>> encoding_faults(b"name = 'pact'")
    []
    """
    foreign = next((what for magic, what in _FOREIGN.items() if raw.startswith(magic)), None)
    if foreign:
        return [Fault("", f"is {foreign}")]
    if raw.startswith(UTF16) or b"\x00" in raw[:1000]:
        return [Fault("", "is not UTF-8 text; it looks like UTF-16: save it as UTF-8")]
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        what = (
            f"not UTF-8 text (byte 0x{raw[error.start]:02X}); it looks like Windows-1252 or Latin-1: save it as UTF-8"
        )
        return [Fault(f"line {line}", what, line)]
    return []
