from .blocks import choose_sampler as choose_sampler
from .blocks import conjugate_nodes as conjugate_nodes
from .blocks import fit_block as fit_block
from .blocks import sampled_blocks as sampled_blocks
