"""What is wrong with a file that should be text in UTF-8, and what it is likely to be instead."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import Fault

#: Byte order marks of UTF-16.
UTF16 = (b"\xff\xfe", b"\xfe\xff")
_FOREIGN = {b"PK\x03\x04": "a zip archive; unpack it first", b"\x1f\x8b": "compressed with gzip; unpack it first"}


def encoding_faults(raw: bytes, *, foreign: Mapping[bytes, str] = _FOREIGN, save_as: str = "UTF-8") -> list[Fault]:
    """List why bytes are not text in UTF-8: at most one fault, with the line and the likely encoding.

    Parameters
    ----------
    raw
        Content of a file.
    foreign
        What a file of another kind begins with -> what it is, and the way out.
    save_as
        What to save the text as.

    Examples
    --------
    >>> print(*encoding_faults("name = 'Bündnis'".encode("latin-1")))
    line 1: not UTF-8 text (byte 0xFC); it looks like Windows-1252 or Latin-1: save it as UTF-8
    >>> encoding_faults(b"name = 'pact'")
    []
    """
    kind = next((what for magic, what in foreign.items() if raw.startswith(magic)), None)
    if kind:
        return [Fault("", f"is {kind}")]
    if raw.startswith(UTF16) or b"\x00" in raw[:1000]:
        return [Fault("", f"is not UTF-8 text; it looks like UTF-16: save it as {save_as}")]
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{raw[error.start]:02X}"
        what = f"not UTF-8 text ({byte}); it looks like Windows-1252 or Latin-1: save it as {save_as}"
        return [Fault(f"line {line}", what, line)]
    return []
