from .errors import Fault as Fault
from .errors import InputError as InputError
from .errors import ServandaError as ServandaError
from .printed import PrintedTable as PrintedTable
from .printed import printed_table as printed_table
