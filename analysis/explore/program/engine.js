// Answers P(target | states that are known or set) for every posterior draw, in a browser.
//
// Of what nobody set, the states are summed out. An ordinal target adds its parents' effects up to eta, and
// P(y <= s) = logistic(c_s - eta). Where the open parents have few configurations, each is weighed by variable
// elimination in the draws of the other nodes' tables. Where they have many, the strongest are gone through so and the
// effects of the others add up to a number that is nearly normal: its mean comes from the draws of the tables and of the
// effects, its covariances from the tables and the draws of the effects, its skewness and excess from sixteen draws
// (Gram and Charlier's corrections to a normal). Members of groups that the data does not hold are normal, with the
// spread of their group. Other targets are summed configuration by configuration.

// Configurations that are gone through one by one, and cells of elimination, for one answer.
const BRANCHES = 24, CELLS = 500;
// What one configuration costs beside elimination, in cells.
const EACH = 60;
// Draws from which the shape of a sum is read.
const SHAPES = 16;
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

// Cells of a packed table, one array of draws each.
function unpacked(block) {
  const codes = bytes(block.codes), mean = floats(block.mean), { directions: width, draws } = block;
  const basis = block.basis ? floats(block.basis) : null, step = basis ? null : floats(block.step);
  return Array.from(mean, (middle, cell) => {
    const values = new Float64Array(draws).fill(middle);
    for (let r = 0; r < width; r++) {
      const scale = basis ? basis[cell * width + r] : r === cell ? step[r] : 0;
      if (scale !== 0) for (let d = 0, at = r * draws; d < draws; d++, at++) values[d] += scale * codes[at];
    }
    return values;
  });
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
  const { draws, tables, lanes } = payload, size = name => nodes.get(name).size;
  const model = { target: payload.target, nodes, draws, tables, lanes, groups: {}, samples: payload.samples, size };
  // Which draw of the other nodes' tables serves each draw of the target.
  model.table = Int32Array.from({ length: draws }, (_, d) => Math.floor((d * lanes) / draws));
  let seed = 1;
  for (const node of nodes.values()) {
    const whole = node.name === payload.target;
    if (node.kind === "cells") {
      node.cells = whole
        ? unpacked(node.pieces.cells).map(values => values.map(value => Math.max(value, 0)))
        : rows(node.pieces.rows, node.size, lanes, seed++);
    } else {
      node.effects = Object.keys(node.pieces).filter(key => key.startsWith("effect:")).map(key => {
        const { axes } = node.pieces[key], cells = unpacked(node.pieces[key]);
        return { axes, strides: strides(axes.map(size)), cells, spread: spread(cells) };
      });
      if (node.kind === "scale") node.cuts = unpacked(node.pieces.cuts);
      else node.base = unpacked(node.pieces.base);
      // There are fewer draws of these, and each serves again.
      if (!whole) node.cells = table(node, size, tables).map(values => Float64Array.from({ length: lanes }, (_, k) => values[k % tables]));
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

// Draws of rows of probabilities, from the distribution of each state's share of what the states before it left; the
// most probable state of a row is what the others leave. Each distribution is gone through evenly, in an order of its
// own (Latin hypercube), so that few draws have the mean and the spread of many.
function rows(block, states, draws, seed) {
  const raw = bytes(block.codes), codes = new Uint16Array(raw.buffer, 0, raw.length / 2), { bins } = block, cells = [];
  const next = random(seed), order = Int32Array.from({ length: draws }, (_, d) => d);
  let share = 0;
  for (const rest of block.rest) {
    const left = new Float64Array(draws).fill(1), row = new Array(states);
    for (let state = 0; state < states; state++) {
      if (state === rest) continue;
      for (let d = draws - 1; d > 0; d--) {
        const other = (next() * (d + 1)) | 0, one = order[d];
        order[d] = order[other];
        order[other] = one;
      }
      const values = row[state] = new Float64Array(draws);
      for (let d = 0; d < draws; d++) {
        const root = codes[share * bins + (((order[d] + 0.5) * bins / draws) | 0)] / 65535;
        left[d] -= values[d] = left[d] * root * root;
      }
      share++;
    }
    row[rest] = left;
    cells.push(...row);
  }
  return cells;
}

// The whole table of a node of additive effects.
function table(node, size, draws) {
  const own = node.states.length, sizes = node.parents.map(size), count = product(sizes), steps = strides(sizes);
  const cells = Array.from({ length: count * own }, () => new Float64Array(draws)), scores = new Float64Array(own);
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
          made[state][d] = Math.max(upTo - below, 0);
          below = upTo;
        }
      } else {
        let total = 0;
        for (let state = 0; state < own; state++) {
          let score = node.base[state][d];
          for (const cells of picked[state]) score += cells[d];
          total += scores[state] = Math.exp(score);
        }
        for (let state = 0; state < own; state++) made[state][d] = scores[state] / total;
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

function makeRow(row) {
  ready[row] = 1;
  const sigma = row * BROAD, count = sigma === 0 ? 1 : 2 * Math.ceil((6 + 8 * sigma) / 2) + 1;
  const reach = 5.1, values = new Float64Array(COLUMNS), points = [];
  let mass = 0;
  for (let i = 0; i < count; i++) {
    const z = count === 1 ? 0 : (i - (count - 1) / 2) * (2 * reach / (count - 1)), weight = Math.exp(-0.5 * z * z);
    points.push([sigma * z, weight]);
    mass += weight;
  }
  const middle = (COLUMNS - 1) / 2;
  for (let column = 0; column <= middle; column++) {
    let sum = 0;
    for (const [shift, weight] of points) sum += weight * logistic(column * FINE - shift);
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

const empty = (count, lanes) => Array.from({ length: count }, () => new Float64Array(lanes));

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
  const total = new Float64Array(lanes).fill(1);
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
  const way = plan(model, held, done, effects, settled), { draws, table, lanes } = model;
  const own = eliminated(way, lanes, node => node.cells, () => null, effects.length > 0), weight = new Float64Array(draws);
  for (let d = 0; d < draws; d++) weight[d] = own.total[table[d]];
  if (!effects.length) return { weight };
  const places = way.bound.flatMap((one, i) => [...cellsOfPart(one)].map(cell => ({ i, cell, values: effects[i].cells[cell] })));
  const mean = new Float64Array(draws), variance = new Float64Array(draws);
  for (const { i, cell, values } of places) {
    const share = own.shares[i][cell];
    for (let k = 0; k < lanes; k++) share[k] = own.total[k] > 0 ? share[k] / own.total[k] : 0;
    for (let d = 0; d < draws; d++) mean[d] += share[table[d]] * values[d];
  }
  spreadOf(way, places, effects, variance, places.map(({ i, cell }) => own.shares[i][cell]));
  const wide = breadth(way, effects, own.shares, lanes);
  for (let d = 0; d < draws; d++) variance[d] *= wide[table[d]];
  const { third, fourth } = shape(way, effects, draws);
  return { weight, mean, variance, third, fourth };
}

const averages = (node, lanes) => node.average.map(value => new Float64Array(lanes).fill(value));

function remembered(make) {
  const known = new Map();
  return one => {
    if (!known.has(one)) known.set(one, make(one));
    return known.get(one);
  };
}

// Variance of the sum in each draw, by the covariances of the open states: within one effect as they are on average over
// the draws of the tables; between two under the mean tables, less those of their shares between draws, which the means
// have already. One lane supposes one cell of one effect.
function spreadOf(way, places, effects, variance, drawnShares) {
  const lanes = places.length, draws = variance.length;
  const cellsOf = remembered(node => averages(node, lanes));
  const valuesOf = remembered(effect => {
    const i = effects.indexOf(effect), cells = Array.from(effect.cells, () => new Float64Array(lanes).fill(1));
    places.forEach((one, lane) => { if (one.i === i) cells.forEach((values, cell) => { values[lane] = Number(cell === one.cell); }); });
    return cells;
  });
  const { total, shares } = eliminated(way, lanes, cellsOf, valuesOf, true);
  const all = places.reduce((sum, one, lane) => sum + (one.i === 0 ? total[lane] : 0), 0);
  if (!(all > 0)) return;
  const covariance = places.map((one, lane) => places.map((other, there) => {
    const both = one.i === other.i ? (lane === there ? total[lane] : 0) : shares[other.i][other.cell][lane];
    return both / all - (total[lane] / all) * (total[there] / all);
  }));
  const moved = drawnShares.map(share => { const middle = mean(share); return share.map(value => value - middle); });
  const count = moved[0].length;
  for (let a = 0; a < lanes; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let k = 0, x = moved[a], y = moved[b]; k < count; k++) sum += x[k] * y[k];
      covariance[a][b] -= sum / count;
      if (places[a].i !== places[b].i) continue;
      // Within one effect they are known in each draw. Under what is known of a case, mean tables are not the mean.
      let within = 0;
      for (let k = 0, x = drawnShares[a], y = drawnShares[b]; k < count; k++) within += (a === b ? x[k] : 0) - x[k] * y[k];
      covariance[a][b] = within / count;
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
  const valuesOf = remembered(effect => effect.cells.map(values => Float64Array.from({ length: lanes }, (_, lane) =>
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

// ---- Answers -------------------------------------------------------------------------------------------------------

// Draws of P(target = state) for cases of the kind on average and for single ones.
//
// `given` and `set` map nodes to state numbers (known of the case; set from outside), `members` groups to codes, or to
// nothing for a member that the data does not hold. `every` takes one draw in so many.
export function answer(model, { given = {}, set = {}, members = {} }, every = 1) {
  const part = every > 1 ? thinned(model, every) : model;
  const fixed = new Map(Object.entries({ ...given, ...set })), done = new Set(Object.keys(set));
  const target = part.nodes.get(part.target);
  return (target.kind === "scale" ? ordinal : oneByOne)(part, target, fixed, done, members);
}

// The same network with one draw in so many; made once.
function thinned(model, every) {
  model.parts ??= new Map();
  if (!model.parts.has(every)) {
    const thin = values => values.filter((_, d) => d % every === 0), nodes = new Map(model.nodes);
    const target = { ...nodes.get(model.target) };
    if (target.effects) target.effects = target.effects.map(effect => ({ ...effect, cells: effect.cells.map(thin) }));
    for (const key of ["cuts", "base", "cells"]) if (target[key]) target[key] = target[key].map(thin);
    nodes.set(model.target, target);
    const groups = Object.fromEntries(Object.entries(model.groups).map(([name, group]) => [name, {
      spread: thin(group.spread), drawn: thin(group.drawn),
      members: Object.fromEntries(Object.entries(group.members).map(([code, values]) => [code, thin(values)])),
    }]));
    const table = thin(model.table);
    model.parts.set(every, { ...model, nodes, groups, table, draws: table.length, parts: undefined });
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

function ordinal(model, target, fixed, done, members) {
  const { draws } = model, constant = new Float64Array(draws), variance = new Float64Array(draws), drawn = new Float64Array(draws);
  for (const [name, group] of Object.entries(model.groups)) {
    const own = members[name] ? group.members[members[name]] : null;
    for (let d = 0; d < draws; d++) {
      if (own) constant[d] += own[d];
      else { variance[d] += group.spread[d] ** 2; drawn[d] += group.drawn[d]; }
    }
  }
  const unseen = Object.keys(model.groups).some(name => !members[name]);
  const strong = branches(model, target, fixed, done);
  const states = target.states.length, below = () => empty(states - 1, draws);
  const average = below(), single = unseen ? below() : average, total = new Float64Array(draws);
  for (const configuration of configurations(model, strong)) {
    const held = new Map([...fixed, ...configuration]), eta = Float64Array.from(constant);
    const open = target.effects.filter(effect => effect.axes.some(axis => !held.has(axis)));
    for (const effect of target.effects) {
      if (open.includes(effect)) continue;
      const values = effect.cells[place(effect, axis => held.get(axis))];
      for (let d = 0; d < draws; d++) eta[d] += values[d];
    }
    const sum = strong.length || open.length ? summed(model, open, held, done, fixed) : null;
    for (let d = 0; d < draws; d++) {
      const w = sum ? sum.weight[d] : 1;
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
        const x = target.cuts[s][d] - shift;
        average[s][d] += w * averaged(x, variance[d] + v, third, fourth);
        if (unseen) single[s][d] += w * averaged(x - drawn[d], v, third, fourth);
      }
    }
  }
  const apart = edges => Array.from({ length: states }, (_, s) => Float64Array.from(total, (weight, d) =>
    Math.max((s < states - 1 ? edges[s][d] : weight) - (s > 0 ? edges[s - 1][d] : 0), 0) / weight));
  const found = apart(average);
  return { average: found, single: unseen ? apart(single) : found, possible: total.every(weight => weight > 0) };
}

// Open parents that are gone through state by state: the strongest, as far as time allows.
function branches(model, target, fixed, done) {
  const open = target.parents.filter(name => !fixed.has(name));
  const weight = name => target.effects.reduce((sum, effect) => sum + (effect.axes.includes(name) ? effect.spread : 0), 0);
  const ordered = open.filter(name => weight(name) > 0).sort((a, b) => weight(b) - weight(a)), found = [];
  let count = 1;
  for (const name of ordered) {
    const more = count * model.size(name);
    if (more > BRANCHES) continue;
    const held = new Map([...fixed, ...[...found, name].map(one => [one, 0])]);
    const { cost } = plan(model, held, done, target.effects.filter(effect => effect.axes.some(axis => !held.has(axis))), fixed);
    if (more * (cost + EACH) > CELLS) continue;
    found.push(name);
    count = more;
  }
  return found;
}

// Targets without a common scale: every configuration of the open parents, weighed.
function oneByOne(model, target, fixed, done) {
  const { draws, table } = model, states = target.states.length, open = target.parents.filter(name => !fixed.has(name));
  const found = Array.from({ length: states }, () => new Float64Array(draws)), total = new Float64Array(draws);
  const scores = new Float64Array(states);
  for (const configuration of configurations(model, open)) {
    const held = new Map([...fixed, ...configuration]), at = axis => held.get(axis);
    const factor = open.length ? weightOf(model, held, done, fixed) : null;
    for (let d = 0; d < draws; d++) {
      const w = factor ? factor[table[d]] : 1;
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
  return eliminated(plan(model, held, done, [], settled), model.lanes, node => node.cells, () => null, false).total;
}

// ---- Summaries -----------------------------------------------------------------------------------------------------

export const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;

// Quantiles, interpolated as NumPy does by default.
export function quantiles(values, levels) {
  const sorted = Float64Array.from(values).sort();
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
  return Float64Array.from(states[0], (_, d) => which.reduce((sum, state) => sum + states[state][d], 0));
}

// A change: mean, interval, and the shares of draws that gain at least so much, lose at least so much, or neither.
export function change(before, after, margin, interval) {
  const moved = Float64Array.from(after, (value, d) => value - before[d]), count = moved.length;
  let gain = 0, loss = 0;
  for (const value of moved) {
    if (margin === 0 && value === 0) { gain += 0.5; loss += 0.5; }
    else { gain += value >= margin; loss += -value >= margin; }
  }
  return { ...summary(moved, interval), gain: gain / count, loss: loss / count, within: Math.max(1 - (gain + loss) / count, 0) };
}
