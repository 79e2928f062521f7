from .network import network_svg as network_svg
from .track import save_track_figure as save_track_figure
from .track import track_figure as track_figure
