from .patterns import CompletePatterns as CompletePatterns
from .patterns import IncompletePatterns as IncompletePatterns
from .patterns import Patterns as Patterns
from .patterns import find_patterns as find_patterns
