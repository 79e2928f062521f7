"""A report read back from its `report.json`: versioned, and checked key by key."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from ...common.errors import Fault, InputError, raise_faults
from ...common.files import regular_bytes
from ...common.json_values import hash_complaint
from ...common.toml import schema_faults
from .schema.report import VERSION, report_model
from .sections import SECTIONS


def _model() -> type[BaseModel]:
    """Schema of a whole report; a section says what it is in the first line of its module."""
    said = {name: str(sys.modules[part.content.__module__].__doc__ or "") for name, part in SECTIONS.items()}
    return report_model(tuple((name, (text.splitlines() or [""])[0]) for name, text in said.items()))


#: Schema of a whole report of the shipped sections.
REPORT = _model()


class ReportError(InputError):
    """A `report.json` that cannot be read."""


def check_report(report: Mapping[str, Any], subject: str = "report.json") -> None:
    """Check a report against the schema of every section.

    Parameters
    ----------
    report
        As `servanda.analysis.reporting.build.build` gives it, or read back from its JSON.
    subject
        What it is called in an error.

    Raises
    ------
    ReportError
        If it is of another version, saying which; or listing every key that is missing, not known, or of another kind.
    """
    _check_version(report, subject)
    raise_faults(subject, schema_faults(report, _model()), ReportError)


def _check_version(report: Mapping[str, Any], subject: str) -> None:
    version = report.get("schema")
    if version != VERSION:
        what = f"is {version!r}, and this version of Servanda reads {VERSION}; write the report again"
        raise ReportError(subject, [Fault("schema", what)])


def report_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of ``report.json``, for programs that read it.

    Examples
    --------
    >>> report_schema()["properties"]["schema"]["const"] == VERSION
    True
    """
    return _model().model_json_schema()


def load_report(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a report back from its JSON.

    Parameters
    ----------
    path
        A ``report.json`` that `servanda.analysis.report` wrote.

    Returns
    -------
    dict
        As `servanda.analysis.reporting.build.build` gave it, with None for what could not be computed.

    Raises
    ------
    ReportError
        If there is no such file, it is of another version, a letter of it was changed since it was written, or it is
        incomplete; every fault is named by its place.

    Examples
    --------
    >>> try:
    ...     load_report("report.json")
    ... except ReportError as error:
    ...     print(error)
    report.json: cannot be read (No such file or directory)
    """
    try:
        report = json.loads(regular_bytes(path))
    except OSError as error:
        raise ReportError(str(path), [Fault("", f"cannot be read ({error.strerror or error})")]) from error
    except (ValueError, RecursionError) as error:
        what = f"is damaged, or no JSON ({error}); write the report again"
        raise ReportError(str(path), [Fault("", what)]) from error
    if not isinstance(report, dict):
        raise ReportError(str(path), [Fault("", "holds no report: a table of sections was expected")])
    _check_version(report, str(path))
    if complaint := hash_complaint(report):
        what = f"{complaint}; write the report again, or take another copy"
        raise ReportError(str(path), [Fault("", what)])
    check_report(report, str(path))
    return {key: value for key, value in report.items() if key != "sha256"}
