from .errors import Fault as Fault
from .errors import InputError as InputError
from .errors import ServandaError as ServandaError
