"""How it may work: networks, CPD families, compilation to PyMC, fitting, the posterior and exact inference."""

from typing import TYPE_CHECKING

from ..common.lazy import lazy_exports

if TYPE_CHECKING:
    from .cases.count import count_cases as count_cases
    from .cases.encode import encode as encode
    from .errors import DataError as DataError
    from .errors import NetworkError as NetworkError
    from .errors import PriorError as PriorError
    from .errors import QueryError as QueryError
    from .formats.content import FormatError as FormatError
    from .inference.question import CapacityError as CapacityError
    from .inference.question import ImpossibleEvidenceError as ImpossibleEvidenceError
    from .network.files import read_network_file as read_network_file
    from .network.files import write_network_file as write_network_file
    from .network.network import Network as Network
    from .network.parameters import network_parameters as network_parameters
    from .network.toml import load_network as load_network
    from .network.toml import network_from_toml as network_from_toml
    from .network.toml import network_to_toml as network_to_toml
    from .network.toml import shipped_networks as shipped_networks
    from .node import Arrow as Arrow
    from .node import Coding as Coding
    from .node import Group as Group
    from .node import Node as Node
    from .parameters.prior import Prior as Prior
    from .parameters.prior_set import PriorEntry as PriorEntry
    from .parameters.prior_set import PriorSet as PriorSet
    from .posterior import Posterior as Posterior
    from .posterior import load_posterior as load_posterior
    from .questions.quantity import Quantity as Quantity
    from .questions.quantity import chance_of as chance_of
    from .sampling.fit import fit as fit
    from .sampling.pymc_model import pymc_model as pymc_model
    from .sampling.run import Sampling as Sampling
    from .theories.backing import with_who as with_who
    from .theories.theories import THEORIES as THEORIES
    from .theories.theories import Theory as Theory
    from .theories.two_coders import coded_by as coded_by
    from .track.events import TrackError as TrackError
    from .track.fit import fit_track as fit_track
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
    "Quantity",
    "QueryError",
    "Sampling",
    "Theory",
    "TrackError",
    "TrackPosterior",
    "TrackSettings",
    "chance_of",
    "coded_by",
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
    "pymc_model",
    "read_network_file",
    "shipped_networks",
    "with_who",
    "write_network_file",
]

_HOMES = {
    "DataError": ".errors",
    "NetworkError": ".errors",
    "PriorError": ".errors",
    "QueryError": ".errors",
    "coded_by": ".theories.two_coders",
    "Sampling": ".sampling.run",
    "pymc_model": ".sampling.pymc_model",
    "network_parameters": ".network.parameters",
    "CapacityError": ".inference.question",
    "ImpossibleEvidenceError": ".inference.question",
    "count_cases": ".cases.count",
    "encode": ".cases.encode",
    "fit": ".sampling.fit",
    "FormatError": ".formats.content",
    "read_network_file": ".network.files",
    "write_network_file": ".network.files",
    "Arrow": ".node",
    "Coding": ".node",
    "Group": ".node",
    "Network": ".network.network",
    "Node": ".node",
    "load_network": ".network.toml",
    "network_from_toml": ".network.toml",
    "network_to_toml": ".network.toml",
    "shipped_networks": ".network.toml",
    "Posterior": ".posterior",
    "Prior": ".parameters.prior",
    "PriorEntry": ".parameters.prior_set",
    "PriorSet": ".parameters.prior_set",
    "load_posterior": ".posterior",
    "Quantity": ".questions.quantity",
    "chance_of": ".questions.quantity",
    "THEORIES": ".theories.theories",
    "Theory": ".theories.theories",
    "with_who": ".theories.backing",
    "TrackError": ".track.events",
    "fit_track": ".track.fit",
    "TrackPosterior": ".track.posterior",
    "TrackSettings": ".track.settings",
    "load_track_settings": ".track.settings",
}
__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
