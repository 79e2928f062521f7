// Answers P(target | states that are known or set) for every posterior draw, in a browser.
//
// Of what nobody set, the states are summed out, in each draw by the tables that were drawn with it. An ordinal target adds
// its parents' effects up to eta, and P(y <= s) = logistic(c_s - eta). Where the open parents have few configurations, each
// is weighed by variable elimination. Where they have many, the effects that are open add up to a number that is nearly
// normal: its mean comes from the draws of the tables and of the effects, its covariances from the tables and the draws of
// the effects, its skewness and excess from sixteen draws (Gram and Charlier's corrections to a normal). Of many, the
// strongest parents are gone through, and where that leaves some open, 48 draws are answered exactly (`exactly`) and the
// others set by them. Members of groups that the data does not hold are normal, with the spread of their group. Other
// targets are summed configuration by configuration.

// Configurations that are gone through one by one, and cells of elimination, for one answer: of some open parents, or of all.
const BRANCHES = 24, CELLS = 250, WHOLE = 800;
// What one configuration costs beside elimination, in cells.
const EACH = 60;
// Draws from which the shape of a sum is read, and draws that are answered exactly.
const SHAPES = 16, EXACT = 48;
// The least probability of a state whose table is made of effects, so that no product of some vanishes.
const LEAST = 1e-10;
// Bits of a number of the target.
const BITS = 5;
// Draws that are worked on together, and covariances of shares that are taken as none.
const TOGETHER = 500, NEARLY = 1e-5;

// ---- Draws, from text ----------------------------------------------------------------------------------------------

function bytes(text) {
  const raw = atob(text), found = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
  return found;
}

function floats(text) {
  const raw = bytes(text);
  return new Float32Array(raw.buffer, 0, raw.length / 4);
}

// Codes of some numbers, an array of draws each, of as many bits as each has.
function codesOf(text, widths, draws) {
  const raw = bytes(text);
  let at = 0;
  return widths.map(width => {
    const found = new Uint8Array(draws);
    for (let d = 0; d < draws && width; d++) {
      let code = 0;
      for (let bit = 0; bit < width; bit++, at++) code = 2 * code + ((raw[at >> 3] >> (7 - (at & 7))) & 1);
      found[d] = code;
    }
    return found;
  });
}

// Cells of a packed table, one array of draws each.
function unpacked(block) {
  const mean = floats(block.mean), { directions: width, draws } = block, codes = codesOf(block.codes, new Array(width).fill(BITS), draws);
  const basis = block.basis ? floats(block.basis) : null, step = basis ? null : floats(block.step);
  return added(mean, (cell, r) => basis ? basis[cell * width + r] : r === cell ? step[r] : 0, codes, draws);
}

function added(mean, scaleOf, rows, draws) {
  return Array.from(mean, (middle, cell) => {
    const values = new Float64Array(draws).fill(middle);
    rows.forEach((row, r) => {
      const scale = scaleOf(cell, r);
      if (scale !== 0) for (let d = 0; d < draws; d++) values[d] += scale * row[d];
    });
    return values;
  });
}

// Draws of numbers of which few bits are kept: each lies in a part of its distribution, which is gone through evenly.
function placed({ bits, parts, codes, draws }, book, seed) {
  const next = random(seed);
  return codesOf(codes, bits, draws).map((own, i) => {
    const per = parts >> bits[i], values = new Float32Array(draws), used = new Int32Array(1 << bits[i]);
    const order = Int32Array.from({ length: parts }, (_, part) => i * parts + part);
    for (let d = 0; d < draws; d++) {
      const n = used[own[d]]++ % per, at = own[d] * per + n, other = at + ((next() * (per - n)) | 0), part = order[other];
      order[other] = order[at];
      order[at] = part;
      values[d] = book[part];
    }
    return values;
  });
}

// Tables of a node that were joined, each with its axes and cells.
function apart(block, seed) {
  const mean = floats(block.mean), basis = new Int16Array(bytes(block.basis).buffer), width = block.bits.length;
  const cells = added(mean, (cell, r) => basis[cell * width + r] / 32767, placed(block, floats(block.book), seed), block.draws);
  let at = 0;
  return Object.fromEntries(Object.entries(block.tables).map(([name, { axes, shape }]) => [name, { axes, cells: cells.slice(at, at += product(shape)) }]));
}

const product = sizes => sizes.reduce((one, other) => one * other, 1);

function strides(sizes) {
  const found = new Array(sizes.length);
  for (let i = sizes.length - 1, step = 1; i >= 0; step *= sizes[i--]) found[i] = step;
  return found;
}

// A network as it is answered from; see `drawn_network` in draws.py for what it is made of.
export function load(payload) {
  const nodes = new Map(payload.nodes.map(node => [node.name, { ...node, size: node.states.length }]));
  const { draws, samples } = payload, size = name => nodes.get(name).size;
  const model = { target: payload.target, nodes, draws, groups: {}, samples, size };
  let seed = 1;
  for (const node of nodes.values()) {
    const whole = node.name === payload.target;
    if (node.kind === "cells") {
      node.cells = whole
        ? shares(unpacked(node.pieces.cells), node.size, draws)
        : rows(node.pieces.rows, node.size, seed++);
    } else {
      const pieces = whole
        ? Object.fromEntries(Object.entries(node.pieces).map(([key, block]) => [key, { axes: block.axes, cells: unpacked(block) }]))
        : apart(node.pieces.joint, seed++);
      node.effects = Object.keys(pieces).filter(key => key.startsWith("effect:")).map(key => {
        const { axes, cells } = pieces[key];
        return { axes, strides: strides(axes.map(size)), cells, spread: spread(cells) };
      });
      node[node.kind === "scale" ? "cuts" : "base"] = pieces[node.kind === "scale" ? "cuts" : "base"].cells;
      if (!whole) node.cells = table(node, size, draws);
    }
    node.axes = [...node.parents, node.name];
    node.strides = strides(node.axes.map(size));
    if (!whole) node.average = node.cells.map(mean);
    delete node.pieces;
  }
  model.parents = nodes.get(payload.target).parents;
  for (const [name, group] of Object.entries(payload.groups)) {
    const members = Object.fromEntries(Object.entries(group.members).map(([code, block]) => [code, unpacked(block)[0]]));
    model.groups[name] = { spread: unpacked(group.spread)[0], drawn: unpacked(group.drawn)[0], members };
  }
  return model;
}

// How far a table of effects moves its sum, on average over draws: what decides which parents are gone through.
function spread(cells) {
  const middle = cells.map(values => values.reduce((a, b) => a + b, 0) / values.length);
  const mean = middle.reduce((a, b) => a + b, 0) / middle.length;
  return middle.reduce((sum, value) => sum + (value - mean) ** 2, 0) / middle.length;
}

// Numbers from 0 to below 1, the same for the same seed (mulberry32).
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Draws of rows of probabilities, from each state's share of what the states before it left; the most probable state of a
// row is what the others leave.
function rows(block, states, seed) {
  const raw = bytes(block.book), roots = new Uint16Array(raw.buffer, 0, raw.length / 2), cells = [], { draws } = block;
  const shares = placed(block, Float32Array.from(roots, root => (root / 65535) ** 2), seed);
  let share = 0;
  for (const rest of block.rest) {
    const left = new Float32Array(draws).fill(1), row = new Array(states);
    for (let state = 0; state < states; state++) {
      if (state === rest) continue;
      const values = row[state] = shares[share++];
      for (let d = 0; d < draws; d++) {
        values[d] *= left[d];
        left[d] = Math.max(left[d] - values[d], 0);
      }
    }
    row[rest] = left;
    cells.push(...row);
  }
  return cells;
}

// Rows of probabilities of a target, which add up to one in spite of rounding.
function shares(cells, states, draws) {
  for (let row = 0; row < cells.length; row += states) {
    for (let d = 0; d < draws; d++) {
      let total = 0;
      for (let s = row; s < row + states; s++) total += cells[s][d] = Math.max(cells[s][d], 0);
      for (let s = row; s < row + states; s++) cells[s][d] /= total;
    }
  }
  return cells;
}

// The whole table of a node of additive effects.
function table(node, size, draws) {
  const own = node.states.length, sizes = node.parents.map(size), count = product(sizes), steps = strides(sizes);
  const cells = Array.from({ length: count * own }, () => new Float32Array(draws)), scores = new Float64Array(own);
  for (let row = 0; row < count; row++) {
    const at = name => Math.floor(row / steps[node.parents.indexOf(name)]) % size(name);
    const made = cells.slice(row * own, (row + 1) * own);
    const picked = made.map((_, state) => node.effects.map(effect => effect.cells[place(effect, at, node.kind === "scale" ? undefined : state)]));
    for (let d = 0; d < draws; d++) {
      if (node.kind === "scale") {
        let eta = 0;
        for (const cells of picked[0]) eta += cells[d];
        let below = 0;
        for (let state = 0; state < own; state++) {
          const upTo = state < own - 1 ? logistic(node.cuts[state][d] - eta) : 1;
          made[state][d] = Math.max(upTo - below, LEAST);
          below = upTo;
        }
      } else {
        let total = 0;
        for (let state = 0; state < own; state++) {
          let score = node.base[state][d];
          for (const cells of picked[state]) score += cells[d];
          total += scores[state] = Math.exp(score);
        }
        for (let state = 0; state < own; state++) made[state][d] = Math.max(scores[state] / total, LEAST);
      }
    }
  }
  return cells;
}

const logistic = x => 1 / (1 + Math.exp(-x));

// Cell of an effect at a configuration; the last axis of a softmax's is the node's own.
function place(effect, at, state) {
  let cell = 0;
  effect.axes.forEach((axis, i) => { cell += effect.strides[i] * (state !== undefined && i === effect.axes.length - 1 ? state : at(axis)); });
  return cell;
}

function normalised(scores) {
  const top = Math.max(...scores), weights = Array.from(scores, score => Math.exp(score - top));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map(weight => weight / total);
}

// ---- A logistic function averaged over a normal population -----------------------------------------------------------

const FAR = 60, FINE = 0.05, COLUMNS = 2 * FAR / FINE + 1, BROAD = 0.1, ROWS = 140;
// Value, third and fourth derivative at each point; rows are made when they are first needed.
const curve = new Float64Array(ROWS * COLUMNS * 3), ready = new Uint8Array(ROWS);

const plain = Float64Array.from({ length: COLUMNS }, (_, column) => logistic((column - (COLUMNS - 1) / 2) * FINE));
const plainLogistic = column => plain[Math.max(0, Math.min(column + (COLUMNS - 1) / 2, COLUMNS - 1))];

function makeRow(row) {
  ready[row] = 1;
  const sigma = row * BROAD, middle = (COLUMNS - 1) / 2, values = new Float64Array(COLUMNS), weights = [];
  // Points of the normal distribution lie on columns, so that each value is one of the logistic function itself.
  const apart = sigma === 0 ? 1 : Math.max(1, Math.floor((10.2 * sigma) / (6 + 8 * sigma) / FINE)), most = Math.floor((5.1 * sigma) / FINE / apart);
  let mass = 0;
  for (let i = -most; i <= most; i++) {
    const weight = sigma === 0 ? 1 : Math.exp(-0.5 * ((i * apart * FINE) / sigma) ** 2);
    weights.push(weight);
    mass += weight;
  }
  for (let column = 0; column <= middle; column++) {
    let sum = 0;
    for (let i = -most; i <= most; i++) sum += weights[i + most] * plainLogistic(column - i * apart);
    values[middle + column] = sum / mass;
    values[middle - column] = 1 - sum / mass;
  }
  const at = row * COLUMNS * 3;
  for (let c = 0; c < COLUMNS; c++) {
    curve[at + 3 * c] = values[c];
    if (c < 2 || c > COLUMNS - 3) continue;
    const [a, b, m, y, z] = [values[c - 2], values[c - 1], values[c], values[c + 1], values[c + 2]];
    curve[at + 3 * c + 1] = (z - 2 * y + 2 * b - a) / (2 * FINE ** 3);
    curve[at + 3 * c + 2] = (z - 4 * y + 6 * m - 4 * b + a) / FINE ** 4;
  }
}

// Mean of logistic(x - X) for X of variance `variance`, skewed by its third and fourth cumulant.
function averaged(x, variance, third, fourth) {
  const broad = Math.min(Math.sqrt(variance) / BROAD, ROWS - 1.001), row = broad | 0, up = broad - row;
  if (!ready[row]) makeRow(row);
  if (!ready[row + 1]) makeRow(row + 1);
  const fine = (Math.max(-FAR, Math.min(x, FAR - FINE)) + FAR) / FINE, column = fine | 0, right = fine - column;
  const low = (row * COLUMNS + column) * 3, high = low + COLUMNS * 3;
  const a = (1 - up) * (1 - right), b = (1 - up) * right, c = up * (1 - right), d = up * right;
  let found = a * curve[low] + b * curve[low + 3] + c * curve[high] + d * curve[high + 3];
  if (third !== 0 || fourth !== 0) {
    found -= (third / 6) * (a * curve[low + 1] + b * curve[low + 4] + c * curve[high + 1] + d * curve[high + 4]);
    found += (fourth / 24) * (a * curve[low + 2] + b * curve[low + 5] + c * curve[high + 2] + d * curve[high + 5]);
  }
  return found < 0 ? 0 : found > 1 ? 1 : found;
}

// ---- Elimination ---------------------------------------------------------------------------------------------------

// Nodes whose tables bear on how likely the open states are: those above what is open or known, up to what is set.
function bearing(model, open, given, set) {
  const found = new Set(), queue = [...open, ...given];
  while (queue.length) {
    const name = queue.pop();
    if (found.has(name)) continue;
    found.add(name);
    if (!set.has(name)) queue.push(...model.nodes.get(name).parents);
  }
  return found;
}

// A table as elimination sees it: its free variables, and where their states lie among its cells.
function part(owner, axes, steps, fixed, model) {
  let base = 0;
  const variables = [], moves = [];
  axes.forEach((axis, i) => {
    if (fixed.has(axis)) base += steps[i] * fixed.get(axis);
    else { variables.push(axis); moves.push(steps[i]); }
  });
  return { owner, base, variables, moves, sizes: variables.map(model.size) };
}

// The order in which nodes are summed out, cheapest first, and what each step multiplies.
function plan(model, fixed, set, effects, settled) {
  const open = new Set(effects.flatMap(effect => effect.axes).filter(axis => !fixed.has(axis)));
  const known = [...fixed.keys()].filter(name => !set.has(name) && name !== model.target);
  const nodes = bearing(model, open, known, set);
  const bound = effects.map(effect => part({ effect }, effect.axes, effect.strides, fixed, model));
  // What all is settled of is the same in every configuration, and falls out.
  const still = name => !set.has(name) && !model.nodes.get(name).axes.every(axis => settled.has(axis));
  let tables = [...nodes].filter(still).map(name => {
    const node = model.nodes.get(name);
    return part({ node }, node.axes, node.strides, fixed, model);
  }).concat(bound);
  const left = new Set([...nodes].filter(name => !fixed.has(name))), steps = [];
  let cost = 0;
  while (left.size) {
    let best = null;
    for (const name of left) {
      const own = tables.filter(one => one.variables.includes(name));
      const others = new Set(own.flatMap(one => one.variables));
      others.delete(name);
      const cells = product([...others].map(model.size)) * model.size(name);
      if (!best || cells < best.cells) best = { name, own, others: [...others], cells };
    }
    const axes = best.others, made = part({ made: true }, axes, strides(axes.map(model.size)), new Map(), model);
    const all = [...axes, best.name];
    steps.push({
      made, size: model.size(best.name), sizes: all.map(model.size), parts: best.own,
      moves: best.own.map(one => all.map(axis => { const i = one.variables.indexOf(axis); return i < 0 ? 0 : one.moves[i]; })),
    });
    cost += best.cells;
    left.delete(best.name);
    tables = [...tables.filter(one => !best.own.includes(one)), made];
  }
  return { steps, tables, bound, cost };
}

// Visit every configuration of a step: the cell of what it makes, and where the cells of its parts lie.
function visit(step, inner) {
  const { sizes, moves, parts, size } = step, width = sizes.length, count = product(sizes);
  const now = new Array(width).fill(0), at = parts.map(one => one.base);
  for (let number = 0; number < count; number++) {
    inner((number / size) | 0, at);
    for (let i = width - 1; i >= 0; i--) {
      now[i]++;
      for (let j = 0; j < at.length; j++) at[j] += moves[j][i];
      if (now[i] < sizes[i]) break;
      for (let j = 0; j < at.length; j++) at[j] -= moves[j][i] * sizes[i];
      now[i] = 0;
    }
  }
}

// Arrays of elimination serve one answer after another.
const pool = new Map();

function empty(count, lanes) {
  if (!pool.has(lanes)) pool.set(lanes, { arrays: [], used: 0 });
  const own = pool.get(lanes), found = new Array(count);
  for (let i = 0; i < count; i++) {
    if (own.used === own.arrays.length) own.arrays.push(new Float32Array(lanes));
    else own.arrays[own.used].fill(0);
    found[i] = own.arrays[own.used++];
  }
  return found;
}

// Add a product of arrays to another.
function accumulated(to, arrays, lanes) {
  const [a, b, c, d] = arrays, count = arrays.length;
  if (count === 0) for (let k = 0; k < lanes; k++) to[k] += 1;
  else if (count === 1) for (let k = 0; k < lanes; k++) to[k] += a[k];
  else if (count === 2) for (let k = 0; k < lanes; k++) to[k] += a[k] * b[k];
  else if (count === 3) for (let k = 0; k < lanes; k++) to[k] += a[k] * b[k] * c[k];
  else if (count === 4) for (let k = 0; k < lanes; k++) to[k] += a[k] * b[k] * c[k] * d[k];
  else for (let k = 0; k < lanes; k++) {
    let value = a[k] * b[k] * c[k] * d[k];
    for (let j = 4; j < count; j++) value *= arrays[j][k];
    to[k] += value;
  }
}

// Sum out in several lanes at once, which may be draws or suppositions.
//
// `cellsOf` gives the cells of a node's table, an array of lanes each; `valuesOf` those of an effect, or null where
// they are all one. The total of each lane comes back, and with `back` what each cell of each effect has of it.
function eliminated({ steps, tables, bound }, lanes, cellsOf, valuesOf, back) {
  const held = new Map();
  const cellsIn = one => {
    if (one.owner.made) return held.get(one);
    return one.owner.node ? cellsOf(one.owner.node) : valuesOf(one.owner.effect);
  };
  for (const step of steps) {
    const out = empty(product(step.made.sizes), lanes), cells = step.parts.map(cellsIn);
    held.set(step.made, out);
    visit(step, (cell, at) => {
      const to = out[cell], arrays = [];
      for (let j = 0; j < at.length; j++) if (cells[j]) arrays.push(cells[j][at[j]]);
      accumulated(to, arrays, lanes);
    });
  }
  const ends = tables.map(one => (cellsIn(one) ?? [])[one.base]);
  const total = new Float32Array(lanes).fill(1);
  for (const end of ends) if (end) for (let k = 0; k < lanes; k++) total[k] *= end[k];
  if (!back) return { total };
  // Backwards: how the total moves with each cell.
  const slopes = new Map(bound.map(one => [one, empty(one.owner.effect.cells.length, lanes)]));
  for (const step of steps) slopes.set(step.made, empty(product(step.made.sizes), lanes));
  tables.forEach((one, i) => {
    const slope = slopes.get(one)?.[one.base];
    if (!slope) return;
    slope.fill(1);
    ends.forEach((end, j) => { if (end && j !== i) for (let k = 0; k < lanes; k++) slope[k] *= end[k]; });
  });
  for (const step of [...steps].reverse()) {
    const cells = step.parts.map(cellsIn), own = step.parts.map(one => slopes.get(one)), from = slopes.get(step.made);
    visit(step, (cell, at) => {
      for (let i = 0; i < own.length; i++) {
        if (!own[i]) continue;
        const to = own[i][at[i]], others = [from[cell]];
        for (let j = 0; j < at.length; j++) if (j !== i && cells[j]) others.push(cells[j][at[j]]);
        accumulated(to, others, lanes);
      }
    });
  }
  return { total, shares: bound.map(one => slopes.get(one)) };
}

// Cells of an effect that the free variables lead to.
function* cellsOfPart(one) {
  const steps = strides(one.sizes), count = product(one.sizes);
  for (let number = 0; number < count; number++) {
    let at = one.base;
    for (let i = 0; i < steps.length; i++) at += one.moves[i] * (Math.floor(number / steps[i]) % one.sizes[i]);
    yield at;
  }
}

// What the open effects add up to in each draw: the weight of what is held, and mean and cumulants of the sum.
function summed(model, effects, held, done, settled) {
  const way = plan(model, held, done, effects, settled), { draws } = model;
  const own = eliminated(way, draws, node => node.cells, () => null, effects.length > 0), weight = own.total;
  if (!effects.length) return { weight };
  const places = way.bound.flatMap((one, i) => [...cellsOfPart(one)].map(cell => ({ i, cell, values: effects[i].cells[cell] })));
  const mean = new Float64Array(draws), variance = new Float64Array(draws);
  for (const { i, cell, values } of places) {
    const share = own.shares[i][cell];
    for (let d = 0; d < draws; d++) {
      share[d] = weight[d] > 0 ? share[d] / weight[d] : 0;
      mean[d] += share[d] * values[d];
    }
  }
  spreadOf(way, places, effects, variance, own.shares);
  const wide = breadth(way, effects, own.shares, draws);
  for (let d = 0; d < draws; d++) variance[d] *= wide[d];
  const { third, fourth } = shape(way, effects, draws);
  return { weight, mean, variance, third, fourth };
}

// One value in so many.
const oneIn = (values, every) => values.filter((_, d) => d % every === 0);

function less(values, others) {
  const found = new Float64Array(values.length);
  for (let d = 0; d < found.length; d++) found[d] = values[d] - others[d];
  return found;
}

const averages = (node, lanes) => node.average.map(value => new Float32Array(lanes).fill(value));

function remembered(make) {
  const known = new Map();
  return one => {
    if (!known.has(one)) known.set(one, make(one));
    return known.get(one);
  };
}

// Variance of the sum in each draw, by the covariances of the open states: within one effect as they are on average over
// the draws of the tables; between two under the mean tables, less those of their shares between draws, which the means
// have already. The shares of an effect add up to one, so that each cell but its first counts by how far it lies from that.
// One lane supposes one cell of one effect, the last none.
function spreadOf(way, all, effects, variance, allShares) {
  const firsts = effects.map((_, i) => all.find(one => one.i === i).values);
  const places = all.filter(({ i, values }) => values !== firsts[i]).map(one => ({ ...one, values: less(one.values, firsts[one.i]) }));
  const lanes = places.length, draws = variance.length;
  const cellsOf = remembered(node => averages(node, lanes + 1));
  const valuesOf = remembered(effect => {
    const i = effects.indexOf(effect), cells = Array.from(effect.cells, () => new Float32Array(lanes + 1).fill(1));
    places.forEach((one, lane) => { if (one.i === i) cells.forEach((values, cell) => { values[lane] = Number(cell === one.cell); }); });
    return cells;
  });
  const { total, shares } = eliminated(way, lanes + 1, cellsOf, valuesOf, true), whole = total[lanes];
  if (!(whole > 0)) return;
  const covariance = places.map((one, lane) => places.map((other, there) => {
    const both = one.i === other.i ? (lane === there ? total[lane] : 0) : shares[other.i][other.cell][lane];
    return both / whole - (total[lane] / whole) * (total[there] / whole);
  }));
  // A thousand draws say them well enough.
  const every = Math.max(1, Math.floor(draws / 1000)), drawnShares = places.map(({ i, cell }) => oneIn(allShares[i][cell], every));
  const moved = drawnShares.map(share => { const middle = mean(share); return share.map(value => value - middle); });
  const count = Math.ceil(draws / every);
  for (let a = 0; a < lanes; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      if (places[a].i !== places[b].i) {
        for (let k = 0, x = moved[a], y = moved[b]; k < count; k++) sum += x[k] * y[k];
        covariance[a][b] -= sum / count;
        continue;
      }
      // Within one effect they are known in each draw. Under what is known of a case, mean tables are not the mean.
      for (let k = 0, x = drawnShares[a], y = drawnShares[b]; k < count; k++) sum += (a === b ? x[k] : 0) - x[k] * y[k];
      covariance[a][b] = sum / count;
    }
  }
  // In parts that the processor's cache holds.
  const along = new Float64Array(TOGETHER);
  for (let start = 0; start < draws; start += TOGETHER) {
    const width = Math.min(TOGETHER, draws - start);
    for (let a = 0; a < lanes; a++) {
      along.fill(0);
      for (let b = 0; b <= a; b++) {
        const factor = covariance[a][b] * (a === b ? 1 : 2), { values } = places[b];
        if (Math.abs(factor) > NEARLY) for (let d = 0; d < width; d++) along[d] += factor * values[start + d];
      }
      for (let d = 0, { values } = places[a]; d < width; d++) variance[start + d] += values[start + d] * along[d];
    }
  }
  for (let d = 0; d < draws; d++) variance[d] = Math.max(variance[d], 0);
}

// How much more or less than on average the open states vary in each draw of the tables: by the variances of single
// effects, taken at their means.
function breadth({ bound }, effects, shares, lanes) {
  const found = new Float64Array(lanes), first = new Float64Array(lanes), second = new Float64Array(lanes);
  bound.forEach((one, i) => {
    first.fill(0);
    second.fill(0);
    for (const cell of cellsOfPart(one)) {
      const share = shares[i][cell], value = mean(effects[i].cells[cell]);
      for (let k = 0; k < lanes; k++) { first[k] += share[k] * value; second[k] += share[k] * value * value; }
    }
    for (let k = 0; k < lanes; k++) found[k] += second[k] - first[k] ** 2;
  });
  const middle = mean(found);
  return found.map(value => middle > 0 ? Math.max(value / middle, 0) : 1);
}

// Skewness and excess of the sum, by finite differences of the logarithm of its moment generating function.
function shape(way, effects, draws) {
  const step = 0.3, points = [-2, -1, 0, 1, 2], few = Math.min(SHAPES, draws), lanes = few * points.length;
  const cellsOf = remembered(node => averages(node, lanes));
  const valuesOf = remembered(effect => effect.cells.map(values => Float32Array.from({ length: lanes }, (_, lane) =>
    Math.exp(step * points[lane % 5] * values[Math.floor((Math.floor(lane / 5) * draws) / few)]))));
  const { total } = eliminated(way, lanes, cellsOf, valuesOf, false);
  let cubes = 0, squares = 0, third = 0, fourth = 0;
  for (let one = 0; one < few; one++) {
    const [a, b, c, d, e] = Array.from(total.subarray(5 * one, 5 * one + 5), Math.log);
    const v = (d - 2 * c + b) / step ** 2;
    if (!(v > 0)) continue;
    cubes += v ** 1.5;
    squares += v ** 2;
    third += (e - 2 * d + 2 * b - a) / (2 * step ** 3);
    fourth += (e - 4 * d + 6 * c - 4 * b + a) / step ** 4;
  }
  return { third: cubes > 0 ? third / cubes : 0, fourth: squares > 0 ? fourth / squares : 0 };
}

// ---- Exact answers of a few draws ----------------------------------------------------------------------------------

// Frequencies beyond this one add less than 0.0005 to a logistic function; standard deviations, at their
// largest, that a sum reaches.
const FASTEST = 2.6, FAR_OUT = 4.5;

// The running sums of the states as lines of their approximations (a regression estimate of their mean), from draws in
// which the open effects are summed out without any approximation.
//
// A logistic function averaged over a normal population is, as far as a sum reaches, a smoothed square wave:
// 1/2 + sum over odd k of 2/(pi k) pi w/sinh(pi w) exp(-v w^2/2) sin(w x) with w = k pi/reach. The mean of the sine of a
// sum of effects is what elimination gives of a product of waves, one of each effect.
function exactly(model, target, fixed, done, { constant, variance, drawn, unseen, total }) {
  const few = Math.min(EXACT, model.draws), chosen = Array.from({ length: few }, (_, i) => Math.floor(((i + 0.5) * model.draws) / few));
  const open = target.effects.filter(effect => effect.axes.some(axis => !fixed.has(axis))), settled = target.effects.filter(effect => !open.includes(effect));
  const eta = chosen.map(d => settled.reduce((sum, effect) => sum + effect.cells[place(effect, axis => fixed.get(axis))][d], constant[d]));
  const way = plan(model, fixed, done, open, fixed), cells = way.bound.map((one, i) => [...cellsOfPart(one)].map(cell => open[i].cells[cell]));
  const edges = target.cuts.map(values => chosen.map((d, i) => values[d] - eta[i]));
  const base = chosen.map((d, i) => {
    let middle = 0, squares = variance[d] + Math.PI ** 2 / 3;
    for (const values of cells) {
      const own = values.map(each => each[d]), low = Math.min(...own), high = Math.max(...own);
      middle += (low + high) / 2;
      squares += (high - low) ** 2 / 4;
    }
    const most = Math.max(...edges.map(edge => Math.abs(edge[i] - middle))) + (unseen ? Math.abs(drawn[d]) : 0);
    return Math.PI / (1 + most + FAR_OUT * Math.sqrt(squares));
  });
  const count = Math.ceil((FASTEST / Math.min(...base) + 1) / 2), { real, imaginary, whole } = waves(open, way, chosen, base, count);
  return (found, alone) => edges.map((edge, s) => {
    let mine = 0, theirs = 0, both = 0, squares = 0;
    for (let i = 0; i < few; i++) {
      const d = chosen[i], near = found[s][d] / total[d], x = edge[i] - (alone ? drawn[d] : 0), wide = alone ? 0 : variance[d];
      let exact = 0.5;
      for (let k = 0; k < count; k++) {
        const w = (2 * k + 1) * base[i], size = (2 * w * Math.exp((-wide * w * w) / 2)) / ((2 * k + 1) * Math.sinh(Math.PI * w) * whole[i]);
        exact += size * (Math.sin(w * x) * real[k * few + i] - Math.cos(w * x) * imaginary[k * few + i]);
      }
      mine += near / few;
      theirs += exact / few;
      both += near * exact / few;
      squares += near * near / few;
    }
    const spread = squares - mine * mine, slope = spread > 1e-8 ? Math.max(0.8, Math.min((both - mine * theirs) / spread, 1.25)) : 1;
    return { start: theirs - slope * mine, slope };
  });
}

// Sums of exp(i w times the open effects) over the open states, for odd multiples of a frequency of each draw chosen:
// real and imaginary parts, multiples times draws, and the weight of all states together.
function waves(effects, way, chosen, base, count) {
  const few = chosen.length, lanes = few * count;
  const gathered = remembered(values => Float64Array.from(chosen, d => values[d]));
  const waved = remembered(values => {
    const x = new Float64Array(lanes), y = new Float64Array(lanes);
    for (let k = 0, lane = 0; k < count; k++) {
      for (let i = 0; i < few; i++, lane++) {
        const angle = (2 * k + 1) * base[i] * values[chosen[i]];
        x[lane] = Math.cos(angle);
        y[lane] = Math.sin(angle);
      }
    }
    return { x, y };
  });
  const held = new Map(), own = new Float64Array(few), x = new Float64Array(lanes), y = new Float64Array(lanes);
  // Add a product of cells to another; each has a weight and, below an effect, a wave.
  const add = (to, cells) => {
    own.fill(1);
    const turning = [];
    for (const cell of cells) {
      const { weight } = cell;
      if (weight) for (let i = 0; i < few; i++) own[i] *= weight[i];
      if (cell.x) turning.push(cell);
    }
    for (let i = 0; i < few; i++) to.weight[i] += own[i];
    if (!turning.length) return;
    // A cell that turns has its weight in its wave; the weights of the others multiply it.
    const still = new Float64Array(few).fill(1);
    for (const cell of cells) if (!cell.x) for (let i = 0; i < few; i++) still[i] *= cell.weight[i];
    if (turning.length === 1) {
      const { x: a, y: b } = turning[0];
      for (let k = 0, lane = 0; k < count; k++) for (let i = 0; i < few; i++, lane++) { to.x[lane] += a[lane] * still[i]; to.y[lane] += b[lane] * still[i]; }
      return;
    }
    const first = turning[0];
    for (let k = 0, lane = 0; k < count; k++) for (let i = 0; i < few; i++, lane++) { x[lane] = first.x[lane] * still[i]; y[lane] = first.y[lane] * still[i]; }
    for (let j = 1; j < turning.length; j++) {
      const a = turning[j].x, b = turning[j].y;
      for (let lane = 0; lane < lanes; lane++) {
        const before = x[lane];
        x[lane] = before * a[lane] - y[lane] * b[lane];
        y[lane] = before * b[lane] + y[lane] * a[lane];
      }
    }
    for (let lane = 0; lane < lanes; lane++) { to.x[lane] += x[lane]; to.y[lane] += y[lane]; }
  };
  const cellOf = (one, at) => {
    if (one.owner.made) return held.get(one)[at];
    return one.owner.node ? { weight: gathered(one.owner.node.cells[at]) } : waved(one.owner.effect.cells[at]);
  };
  const turns = one => Boolean(one.owner.effect) || (one.owner.made && Boolean(held.get(one)[0].x));
  const made = turning => ({ weight: new Float64Array(few), ...(turning ? { x: new Float64Array(lanes), y: new Float64Array(lanes) } : {}) });
  for (const step of way.steps) {
    const turning = step.parts.some(turns), out = Array.from({ length: product(step.made.sizes) }, () => made(turning));
    held.set(step.made, out);
    visit(step, (cell, at) => add(out[cell], step.parts.map((one, j) => cellOf(one, at[j]))));
  }
  const end = made(true);
  add(end, way.tables.map(one => cellOf(one, one.base)));
  return { real: end.x, imaginary: end.y, whole: end.weight };
}

// ---- Answers -------------------------------------------------------------------------------------------------------

// Draws of P(target = state) for cases of the kind on average and for single ones.
//
// `given` and `set` map nodes to state numbers (known of the case; set from outside), `members` groups to codes, or to
// nothing for a member that the data does not hold. `every` takes one draw in so many.
export function answer(model, { given = {}, set = {}, members = {} }, every = 1) {
  const part = every > 1 ? thinned(model, every) : model;
  const fixed = new Map(Object.entries({ ...given, ...set })), done = new Set(Object.keys(set));
  const target = part.nodes.get(part.target);
  for (const own of pool.values()) own.used = 0;
  return (target.kind === "scale" ? ordinal : oneByOne)(part, target, fixed, done, members, every === 1);
}

// The same network with one draw in so many; made once.
function thinned(model, every) {
  model.parts ??= new Map();
  if (!model.parts.has(every)) {
    const thin = values => oneIn(values, every), nodes = new Map(model.nodes);
    const target = { ...nodes.get(model.target) };
    if (target.effects) target.effects = target.effects.map(effect => ({ ...effect, cells: effect.cells.map(thin) }));
    for (const key of ["cuts", "base", "cells"]) if (target[key]) target[key] = target[key].map(thin);
    nodes.set(model.target, target);
    const groups = Object.fromEntries(Object.entries(model.groups).map(([name, group]) => [name, {
      spread: thin(group.spread), drawn: thin(group.drawn),
      members: Object.fromEntries(Object.entries(group.members).map(([code, values]) => [code, thin(values)])),
    }]));
    for (const node of model.nodes.values()) if (node.name !== model.target) nodes.set(node.name, { ...node, cells: node.cells.map(thin) });
    model.parts.set(every, { ...model, nodes, groups, draws: Math.ceil(model.draws / every), parts: undefined });
  }
  return model.parts.get(every);
}

// Configurations of some nodes, as maps from node to state number.
function* configurations(model, names) {
  const sizes = names.map(model.size), steps = strides(sizes);
  for (let number = 0, count = product(sizes); number < count; number++) {
    yield names.map((name, i) => [name, Math.floor(number / steps[i]) % sizes[i]]);
  }
}

function ordinal(model, target, fixed, done, members, refine) {
  const { draws } = model, constant = new Float64Array(draws), variance = new Float64Array(draws), drawn = new Float64Array(draws);
  for (const [name, group] of Object.entries(model.groups)) {
    const own = members[name] ? group.members[members[name]] : null;
    for (let d = 0; d < draws; d++) {
      if (own) constant[d] += own[d];
      else { variance[d] += group.spread[d] ** 2; drawn[d] += group.drawn[d]; }
    }
  }
  const unseen = Object.keys(model.groups).some(name => !members[name]), states = target.states.length;
  const effectsOf = held => target.effects.filter(effect => effect.axes.some(axis => !held.has(axis)));
  const { names, whole } = goneThrough(model, target, fixed, done);
  const below = () => Array.from({ length: states - 1 }, () => new Float64Array(draws));
  const average = below(), single = unseen ? below() : average, total = new Float64Array(draws);
  let possible = true;
  for (const configuration of configurations(model, names)) {
    const held = new Map([...fixed, ...configuration]), eta = Float64Array.from(constant), open = effectsOf(held);
    for (const effect of target.effects) {
      if (open.includes(effect)) continue;
      const values = effect.cells[place(effect, axis => held.get(axis))];
      for (let d = 0; d < draws; d++) eta[d] += values[d];
    }
    const sum = names.length || open.length ? summed(model, open, held, done, fixed) : null;
    // The weight of a single part falls out.
    if (!names.length && open.length && sum.weight.some(weight => !(weight > 0))) possible = false;
    for (let d = 0; d < draws; d++) {
      const w = names.length ? sum.weight[d] : 1;
      if (w === 0) continue;
      total[d] += w;
      let shift = eta[d], v = 0, third = 0, fourth = 0;
      if (open.length) {
        shift += sum.mean[d];
        v = sum.variance[d];
        third = sum.third * v * Math.sqrt(v);
        fourth = sum.fourth * v * v;
      }
      for (let s = 0; s < states - 1; s++) {
        const x = target.cuts[s][d] - shift, one = w * averaged(x, variance[d] + v, third, fourth);
        average[s][d] += one;
        if (!unseen) continue;
        single[s][d] += w * averaged(x - drawn[d], v, third, fourth);
      }
    }
  }
  if (total.some(weight => !(weight > 0))) possible = false;
  if (!whole && refine && possible) {
    const lines = exactly(model, target, fixed, done, { constant, variance, drawn, unseen, total });
    moved(average, total, lines(average, false));
    if (unseen) moved(single, total, lines(single, true));
  }
  // Rounding may put an edge above the next.
  const shared = edges => {
    const lower = new Float64Array(draws);
    return Array.from({ length: states }, (_, s) => {
      const found = new Float64Array(draws), edge = edges[s] ?? total;
      for (let d = 0; d < draws; d++) {
        const upper = Math.max(edge[d], lower[d]);
        found[d] = (upper - lower[d]) / total[d];
        lower[d] = upper;
      }
      return found;
    });
  };
  const found = shared(average);
  return { average: found, single: unseen ? shared(single) : found, possible };
}

// Put the running sums of the states on a line of what they are.
function moved(edges, total, lines) {
  edges.forEach((values, s) => {
    const { start, slope } = lines[s];
    for (let d = 0; d < values.length; d++) values[d] = Math.min(Math.max(slope * values[d] + start * total[d], 0), total[d]);
  });
}

// Open parents that are gone through state by state: all of them or the strongest, as far as time allows; and whether
// they are all.
function goneThrough(model, target, fixed, done) {
  const weight = name => target.effects.reduce((sum, effect) => sum + (effect.axes.includes(name) ? effect.spread : 0), 0);
  const open = target.parents.filter(name => !fixed.has(name) && weight(name) > 0).sort((a, b) => weight(b) - weight(a)), names = [];
  let count = 1;
  for (const name of open) {
    const more = count * model.size(name), held = new Map([...fixed, ...[...names, name].map(one => [one, 0])]);
    if (more > BRANCHES) continue;
    const { cost } = plan(model, held, done, target.effects.filter(effect => effect.axes.some(axis => !held.has(axis))), fixed);
    const whole = names.length + 1 === open.length;
    if (more * (cost + EACH) > (whole ? WHOLE : CELLS)) continue;
    names.push(name);
    count = more;
  }
  return { names, whole: names.length === open.length };
}

// Targets without a common scale: every configuration of the open parents, weighed.
function oneByOne(model, target, fixed, done) {
  const { draws } = model, states = target.states.length, open = target.parents.filter(name => !fixed.has(name));
  const found = Array.from({ length: states }, () => new Float64Array(draws)), total = new Float64Array(draws);
  const scores = new Float64Array(states);
  for (const configuration of configurations(model, open)) {
    const held = new Map([...fixed, ...configuration]), at = axis => held.get(axis);
    const factor = open.length ? weightOf(model, held, done, fixed) : null;
    for (let d = 0; d < draws; d++) {
      const w = factor ? factor[d] : 1;
      total[d] += w;
      if (target.kind === "cells") {
        const row = target.parents.reduce((sum, name, i) => sum + target.strides[i] * held.get(name), 0);
        for (let s = 0; s < states; s++) found[s][d] += w * target.cells[row + s][d];
        continue;
      }
      for (let s = 0; s < states; s++) {
        scores[s] = target.base[s][d];
        for (const effect of target.effects) scores[s] += effect.cells[place(effect, at, s)][d];
      }
      const shares = normalised(scores);
      for (let s = 0; s < states; s++) found[s][d] += w * shares[s];
    }
  }
  for (const values of found) for (let d = 0; d < draws; d++) values[d] /= total[d];
  return { average: found, single: found, possible: total.every(weight => weight > 0) };
}

function weightOf(model, held, done, settled) {
  return eliminated(plan(model, held, done, [], settled), model.draws, node => node.cells, () => null, false).total;
}

// ---- Summaries -----------------------------------------------------------------------------------------------------

export function mean(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

// Quantiles, interpolated as NumPy does by default.
export function quantiles(values, levels) {
  const sorted = new Float64Array(values).sort();
  return levels.map(level => {
    const at = level * (sorted.length - 1), low = Math.floor(at), up = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[up] - sorted[low]);
  });
}

// Mean and ends of the interval that holds so much of a distribution, tails equal.
export function summary(values, interval) {
  const [lower, upper] = quantiles(values, [(1 - interval) / 2, (1 + interval) / 2]);
  return { mean: mean(values), lower, upper };
}

// Draws of the chance of some states.
export function chance(states, which) {
  if (which.length === 1) return states[which[0]];
  const found = new Float64Array(states[0].length);
  for (const state of which) for (let d = 0; d < found.length; d++) found[d] += states[state][d];
  return found;
}

// A change: mean, interval, and the shares of draws that gain at least so much, lose at least so much, or neither.
export function change(before, after, margin, interval) {
  const count = after.length, moved = new Float64Array(count);
  for (let d = 0; d < count; d++) moved[d] = after[d] - before[d];
  let gain = 0, loss = 0;
  for (const value of moved) {
    if (margin === 0 && value === 0) { gain += 0.5; loss += 0.5; }
    else { gain += value >= margin; loss += -value >= margin; }
  }
  return { ...summary(moved, interval), gain: gain / count, loss: loss / count, within: Math.max(1 - (gain + loss) / count, 0) };
}
