"""Problems of `fit.py` in NumPyro: two chains, a processor each; 64 bits."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS
from ready import counted_classes, named, ordinal_data
from running import Moment, Run

WARMUP = 500
NOTE = "2 chains; sampling holds compilation"


def _sampled(model: Callable[[], None], draws: int) -> tuple[dict[str, np.ndarray], Moment, Moment]:
    run = MCMC(NUTS(model), num_warmup=WARMUP, num_samples=draws, num_chains=2, progress_bar=False)
    begun = Moment.now()
    run.run(jax.random.PRNGKey(1))
    kept = {name: np.asarray(x) for name, x in run.get_samples(group_by_chain=True).items()}
    ended = Moment.now()
    return kept, ended, ended - begun


def _ready() -> None:
    numpyro.set_host_device_count(2)
    jax.config.update("jax_enable_x64", True)


def ordinal(draws: int = 1000) -> Run:
    _ready()
    data = ordinal_data()

    def model() -> None:
        baseline = numpyro.sample("baseline", dist.Dirichlet(jnp.array(data.alpha)))
        z = numpyro.sample("z", dist.Normal(0, 1).expand([data.X.shape[1]]).to_event(1))
        eta = jnp.array(data.offset) + jnp.array(data.X) @ z
        slopes = [
            numpyro.sample(f"slope{place}", dist.Normal(one.mu, one.sigma)) for place, one in enumerate(data.steps)
        ]
        numpyro.deterministic("slope", jnp.stack(slopes))
        for place, one in enumerate(data.steps):
            steps = numpyro.sample(f"steps{place + 1}", dist.Dirichlet(jnp.array(one.alpha)))
            eta = eta + slopes[place] * (jnp.array(one.height) @ steps)
        for name, (member, size, scale) in data.groups.items():
            spread = numpyro.sample(f"{name}_sd", dist.HalfNormal(scale))
            e = numpyro.sample(f"{name}_e", dist.Normal(0, 1).expand([size]).to_event(1))
            eta = eta + spread * e[member]
        below = jnp.cumsum(baseline)[:2]
        numpyro.sample("y", dist.OrderedLogistic(eta, jnp.log(below) - jnp.log1p(-below)), obs=jnp.array(data.y))

    kept, ended, took = _sampled(model, draws)
    return Run(named(data, kept), ended, took, draws / (draws + WARMUP), NOTE)


def latent_class(draws: int = 1000) -> Run:
    """The class summed out by NumPyro's own enumeration; rows of one pattern counted once, as Servanda does."""
    # Needs a package more, which the other problem does without.
    from numpyro.contrib.funsor import config_enumerate

    _ready()
    rows, counts = counted_classes()

    @config_enumerate
    def model() -> None:
        p = numpyro.sample("class", dist.Dirichlet(jnp.ones(2)))
        numpyro.deterministic("p", p[1])
        # y0 rises with the class: its two probabilities in order.
        order = numpyro.sample("order", dist.Dirichlet(jnp.ones(3)))
        first = jnp.array([order[0], order[0] + order[1]])
        rest = numpyro.sample("rest", dist.Beta(1.0, 1.0).expand([2, 7]).to_event(2))
        q = numpyro.deterministic("q", jnp.concatenate([first[:, None], rest], axis=1))
        with numpyro.plate("rows", len(rows)), numpyro.handlers.scale(scale=jnp.array(counts, float)):
            z = numpyro.sample("z", dist.Categorical(p), infer={"enumerate": "parallel"})
            numpyro.sample("y", dist.Bernoulli(q[z]).to_event(1), obs=jnp.array(rows))

    kept, ended, took = _sampled(model, draws)
    return Run({name: kept[name] for name in ("p", "q")}, ended, took, draws / (draws + WARMUP), NOTE)
