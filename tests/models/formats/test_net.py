"""NET files as people write them."""

from __future__ import annotations

from servanda.models import Arrow, Network, Node

from .judges import read_text


def test_a_net_file_with_comments_labels_and_bare_states(tmp_path):
    found = read_text(
        tmp_path,
        "lawn.net",
        """
        net { node_size = (50 50); % "the lawn
        }
        node rain % a node wet { }
        {
            states = (no "a little" "50% {x}");
            label = "node sun { states = (1); }";
            position = (10 20);
        }
        node my_node { states = ("dry" "wet"); }
        potential (my_node | rain) {
            data = ((0.9 0.1)  % rain=no
                    (0.5 0.5)  % rain=a little
                    (0   1));
        }
        potential (rain) { data = (0.5 0.25 0.25); }
        """,
    )
    rain = Node("rain", ("no", "a little", "50% {x}"))
    assert found.network == Network((rain, Node("my_node", ("dry", "wet"), (Arrow("rain"),))), name="lawn")
    assert found.tables["my_node"].values.tolist() == [[0.9, 0.1], [0.5, 0.5], [0, 1]]
