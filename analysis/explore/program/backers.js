// What follows from names of backers, as record/backing.py has it: states of nodes, and where the record does not say,
// the actors for want of whom it does not.

// Whether something holds of one of them at least.
const any = fact => ({ held, others }, node) => {
  const level = others.some(one => one[fact]) ? "yes" : "no", wanting = others.filter(one => one[fact] === null);
  return level === "no" && wanting.length ? { wanting } : { state: held.levels[node][level] };
};

const FACTS = {
  guarantors: ({ held, others }) => ({ state: held.counts[others.length] }),
  capability: ({ held, everyone, blank }) => {
    if (blank.length) return { wanting: blank };
    const sum = everyone.reduce((total, one) => total + one.capability, 0);
    return { state: held.bounds.filter(bound => sum >= bound).length - 1 };
  },
  strongest_backer: ({ held, others, everyone: [own], blank }, node) => {
    if (!others.length) return { state: held.levels[node].none };
    if (blank.length || !own.capability) return { wanting: blank };
    const ratio = Math.max(...others.map(one => one.capability)) / own.capability;
    return { state: held.levels[node][held.strengths.findLast(([, least]) => ratio >= least)[0]] };
  },
  rival_backer: any("rival"),
  permanent_backer: any("permanent"),
};

// `held` is what `backers_by_name` gives in backers.py; `names` are the others beside the obligor.
export function followed(held, obligor, names) {
  const known = new Map(held.known.map(([name, capability, permanent]) => [name, { name, capability, permanent }]));
  const others = names.map(name => ({ ...known.get(name), rival: held.rivals[obligor][name] ?? null }));
  const everyone = [known.get(obligor), ...others], blank = everyone.filter(one => one.capability === null);
  const states = {}, open = {};
  for (const node of held.nodes) {
    const { state, wanting } = FACTS[node]({ held, others, everyone, blank }, node);
    if (wanting) open[node] = wanting.map(one => one.name);
    else states[node] = state;
  }
  return { states, open };
}
