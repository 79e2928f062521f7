"""How it may work: networks, CPD families, compilation to PyMC, fitting, the posterior and exact inference."""

from typing import TYPE_CHECKING

from ..common.lazy import lazy_exports

if TYPE_CHECKING:
    from .backing import with_who as with_who
    from .check import DataError as DataError
    from .check import NetworkError as NetworkError
    from .check import PriorError as PriorError
    from .check import QueryError as QueryError
    from .coders import coded_by as coded_by
    from .coding import encode as encode
    from .compiler import compile as compile  # noqa: A004  the field's own word
    from .compiler import network_parameters as network_parameters
    from .counting import count_cases as count_cases
    from .fitting import fit as fit
    from .formats import FormatError as FormatError
    from .formats import read_network_file as read_network_file
    from .formats import write_network_file as write_network_file
    from .network import Arrow as Arrow
    from .network import Coding as Coding
    from .network import Group as Group
    from .network import Network as Network
    from .network import Node as Node
    from .network_io import load_network as load_network
    from .network_io import network_from_toml as network_from_toml
    from .network_io import network_to_toml as network_to_toml
    from .network_io import shipped_networks as shipped_networks
    from .posterior import Posterior as Posterior
    from .prior import Prior as Prior
    from .prior import PriorEntry as PriorEntry
    from .prior import PriorSet as PriorSet
    from .question import CapacityError as CapacityError
    from .question import ImpossibleEvidenceError as ImpossibleEvidenceError
    from .store import load_posterior as load_posterior
    from .theories import THEORIES as THEORIES
    from .theories import Theory as Theory
    from .track.events import TrackError as TrackError
    from .track.fitting import fit_track as fit_track
    from .track.posterior import TrackPosterior as TrackPosterior
    from .track.settings import TrackSettings as TrackSettings
    from .track.settings import load_track_settings as load_track_settings

__all__ = [
    "THEORIES",
    "Arrow",
    "CapacityError",
    "Coding",
    "DataError",
    "FormatError",
    "Group",
    "ImpossibleEvidenceError",
    "Network",
    "NetworkError",
    "Node",
    "Posterior",
    "Prior",
    "PriorEntry",
    "PriorError",
    "PriorSet",
    "QueryError",
    "Theory",
    "TrackError",
    "TrackPosterior",
    "TrackSettings",
    "coded_by",
    "compile",
    "count_cases",
    "encode",
    "fit",
    "fit_track",
    "load_network",
    "load_posterior",
    "load_track_settings",
    "network_from_toml",
    "network_parameters",
    "network_to_toml",
    "read_network_file",
    "shipped_networks",
    "with_who",
    "write_network_file",
]

_HOMES = {
    "DataError": ".check",
    "NetworkError": ".check",
    "PriorError": ".check",
    "QueryError": ".check",
    "coded_by": ".coders",
    "compile": ".compiler",
    "network_parameters": ".compiler",
    "CapacityError": ".question",
    "ImpossibleEvidenceError": ".question",
    "count_cases": ".counting",
    "encode": ".coding",
    "fit": ".fitting",
    "FormatError": ".formats",
    "read_network_file": ".formats",
    "write_network_file": ".formats",
    "Arrow": ".network",
    "Coding": ".network",
    "Group": ".network",
    "Network": ".network",
    "Node": ".network",
    "load_network": ".network_io",
    "network_from_toml": ".network_io",
    "network_to_toml": ".network_io",
    "shipped_networks": ".network_io",
    "Posterior": ".posterior",
    "Prior": ".prior",
    "PriorEntry": ".prior",
    "PriorSet": ".prior",
    "load_posterior": ".store",
    "THEORIES": ".theories",
    "Theory": ".theories",
    "with_who": ".backing",
    "TrackError": ".track.events",
    "fit_track": ".track.fitting",
    "TrackPosterior": ".track.posterior",
    "TrackSettings": ".track.settings",
    "load_track_settings": ".track.settings",
}
__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
