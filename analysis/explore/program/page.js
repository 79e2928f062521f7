// The page: knobs, answers, and what can be taken away. Text of a user is only ever set as text.

import { followed } from "./backers.js";
import { answer, chance, change, load, summary } from "./engine.js";

// In a report the knobs stand in a tree of their own; elsewhere they are the page.
const root = document.getElementById("panel")?.shadowRoot ?? document, frame = root.host ?? document.documentElement;
const alone = root === document, heading = alone ? "h3" : "h4";
const $ = id => root.getElementById(id);
const content = JSON.parse($("content").textContent);
// Fits by prior set and theory; another than the first is read when it is first chosen.
const FITS = [content.fit, ...content.others], model = load(content.fit.network), models = new Map([[content.fit.name, model]]);
const fitOf = now => FITS.find(one => one.name === now.fit);

function modelOf(now) {
  if (!models.has(now.fit)) models.set(now.fit, load(fitOf(now).network));
  return models.get(now.fit);
}

const target = content.fit.network.nodes.find(node => node.name === model.target);
// Cases of the record, each with the state number of every node that it knows.
const cases = content.cases.rows.map(([letters, obligor, year, title, link]) => {
  const states = {};
  content.cases.nodes.forEach((name, i) => { if (letters[i] !== ".") states[name] = letters.charCodeAt(i) - 65; });
  return { states, obligor, year, guarantee: content.cases.titles[title], link: content.cases.links[link] };
});
const PLACES = ["case", "A", "B"], INTERVALS = [50, 80, 90, 95];
// What a list of backers has chosen to it in place of a code, to be empty.
const NOBODY = "-";

// ---- Words -----------------------------------------------------------------------------------------------------------

const words = () => content.languages[state.language];
const say = (message, values = {}) =>
  (words().messages[message] ?? message).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const title = () => `${say("What if?")} ${words().title}`;
const nodeName = name => words().nodes[name].title;
const stateName = (name, number) => words().nodes[name].states[number];
const whole = x => { const found = Math.round(100 * x); return found <= 0 ? "<1" : found >= 100 ? ">99" : String(found); };
const percent = x => `${whole(x)}\u00a0%`;
const span = (low, high) => `${whole(low)}\u2013${whole(high)}\u00a0%`;
const points = x => { const found = Math.round(100 * x); return found === 0 ? "0" : (found > 0 ? "+" : "\u2212") + Math.abs(found); };
const likely = x => content.lexicons[state.lexicon][state.language].find(([, , to]) => x < to)?.[0] ?? content.lexicons[state.lexicon][state.language].at(-1)[0];

// ---- Backers by name -------------------------------------------------------------------------------------------------

const FORMATS = ["A", "B"], NODES = content.backers?.nodes ?? [];
// Rivals are known of some obligors alone.
const mayName = now => Boolean(content.backers?.rivals[now.actor]);
// What follows in a column from the backers that are named there.
const listed = (now, column) => now.names[column] ? followed(content.backers, now.actor, now.names[column]) : { states: {}, open: {} };
const setIn = (now, column) => ({ ...now[column], ...listed(now, column).states });
// Nodes of which a column says more than the case does; a list also leaves open what the record does not know of it.
const claimed = (now, column) => new Set([...Object.keys(now[column]), ...(now.names[column] ? NODES : [])]);

function name(now, column, names) {
  const wanted = [...new Set(names)].filter(code => code !== now.actor && content.backers.known.some(([one]) => one === code));
  now.names[column] = wanted.slice(0, content.backers.counts.length - 1);
  for (const node of NODES) delete now[column][node];
}

// Keep the states that follow from a list, and drop the list.
function unname(now, column) {
  Object.assign(now[column], listed(now, column).states);
  now.names[column] = null;
}

// ---- State, its history and its address ------------------------------------------------------------------------------

function fresh(judgement = content.judgements[0], kept = {}) {
  return {
    judgement: judgement.id, actor: judgement.actor, case: { ...judgement.given }, A: { ...judgement.A }, B: { ...judgement.B },
    names: { ...judgement.names },
    fit: content.fit.name, interval: 90, margin: 5, lexicon: content.lexicon, language: content.language, ...kept,
  };
}

const judgementOf = now => content.judgements.find(one => one.id === now.judgement) ?? content.judgements[0];

// In the fragment states stand by name, so that a link outlives a change of their order; what is unknown is passed over.
function written(now) {
  const found = new URLSearchParams({ j: now.judgement, w: now.actor ?? "", i: now.interval, x: now.margin, l: now.language, k: now.lexicon, p: now.fit });
  for (const column of PLACES) {
    for (const name of model.parents) {
      if (now[column][name] !== undefined) found.append(`${column}.${name}`, model.nodes.get(name).states[now[column][name]]);
    }
  }
  for (const column of FORMATS) if (now.names[column]) found.set(`n${column}`, now.names[column].join(","));
  return found.toString();
}

function read(text) {
  const given = new URLSearchParams(text);
  if (!given.has("j")) return null;
  const now = fresh(content.judgements.find(one => one.id === given.get("j")));
  Object.assign(now, { case: {}, A: {}, B: {}, names: { A: null, B: null } });
  const actors = content.actors.map(one => one.code);
  now.actor = actors.includes(given.get("w")) ? given.get("w") : null;
  if (INTERVALS.includes(Number(given.get("i")))) now.interval = Number(given.get("i"));
  const margin = Number(given.get("x"));
  if (margin >= 0 && margin < 100) now.margin = margin;
  if (given.get("l") in content.languages) now.language = given.get("l");
  if (FITS.some(one => one.name === given.get("p"))) now.fit = given.get("p");
  if (given.get("k") in content.lexicons) now.lexicon = given.get("k");
  for (const [key, value] of given) {
    const [column, node] = [key.slice(0, key.indexOf(".")), key.slice(key.indexOf(".") + 1)];
    if (!PLACES.includes(column) || !model.parents.includes(node)) continue;
    const number = model.nodes.get(node).states.indexOf(value);
    if (number >= 0) now[column][node] = number;
  }
  for (const column of FORMATS) {
    if (mayName(now) && given.has(`n${column}`)) name(now, column, given.get(`n${column}`).split(","));
  }
  return now;
}

let state = fresh();
state = read(location.hash.slice(1)) ?? state;
const history = [];

function turn(change) {
  history.push(structuredClone(state));
  change(state);
  settle();
}

function settle() {
  window.history.replaceState(null, "", `#${written(state)}`);
  paint();
}

// ---- Answers ---------------------------------------------------------------------------------------------------------

const known = new Map();

function asked(column, now = state) {
  const set = setIn(now, column), taken = claimed(now, column);
  const given = Object.fromEntries(Object.entries(now.case).filter(([name]) => !taken.has(name)));
  const members = Object.fromEntries(Object.keys(model.groups).map(name => [name, name === content.actorGroup ? now.actor : null]));
  return { fit: now.fit, given, set, members };
}

function answered(question) {
  const key = JSON.stringify(question);
  if (!known.has(key)) {
    if (known.size > 40) known.delete(known.keys().next().value);
    known.set(key, answer(modelOf(question), question));
  }
  return known.get(key);
}

// Numbers of one answer, which a turn of the other format's knobs leaves as they are.
const summarised = new Map();

function numbers(question, interval, which) {
  const key = JSON.stringify([question, interval, which]);
  if (!summarised.has(key)) {
    if (summarised.size > 40) summarised.delete(summarised.keys().next().value);
    const { average, single, possible } = answered(question), of = states => states.map(values => summary(values, interval));
    const found = { possible, claim: chance(average, which), average: of(average) };
    found.single = single === average ? found.average : of(single);
    const whole = (own, states) => which.length === 1 ? own[which[0]] : summary(chance(states, which), interval);
    summarised.set(key, { ...found, answer: whole(found.average, average), one: whole(found.single, single) });
  }
  return summarised.get(key);
}

// All that is shown of both formats.
function results(now = state) {
  const interval = now.interval / 100, { states } = judgementOf(now);
  const [A, B] = FORMATS.map(column => numbers(asked(column, now), interval, states));
  return { A, B, change: change(A.claim, B.claim, now.margin / 100, interval) };
}

// ---- Drawing ---------------------------------------------------------------------------------------------------------

function made(tag, text, more = {}) {
  const found = document.createElement(tag);
  if (text !== undefined && text !== null) found.textContent = text;
  for (const [key, value] of Object.entries(more)) {
    if (key === "style") Object.assign(found.style, value);
    else if (value !== undefined) found.setAttribute(key, value);
  }
  return found;
}

// Text that stays is left in place, so that nothing is laid out anew.
function put(one, text) {
  if (one.textContent !== text) one.textContent = text;
}

// What each list holds: it is made again only where a turn asks for another, which takes as long as an answer.
const listing = new WeakMap();

function options(select, pairs, chosen) {
  const asked = JSON.stringify(pairs);
  if (listing.get(select) !== asked) {
    select.replaceChildren(...pairs.map(([value, text, disabled]) => made("option", text, { value, disabled: disabled ? "" : undefined })));
    listing.set(select, asked);
  }
  select.value = chosen ?? "";
}

const colours = target.states.map((_, s) => s === 0 ? content.colours.broken : s === target.states.length - 1 ? content.colours.kept : content.colours.part);

function bar(shares, tones) {
  return shares.map((share, i) => made("span", null, { style: { width: `${100 * share}%`, background: tones[i] } }));
}

function legend(lines) {
  return lines.map(([colour, text]) => {
    const line = made("li");
    line.append(made("span", null, { class: "swatch", "aria-hidden": "true", style: { background: colour } }), made("span", text));
    return line;
  });
}

function paint() {
  const start = performance.now();
  frame.lang = state.language;
  for (const one of root.querySelectorAll("[data-say]")) put(one, say(one.dataset.say));
  const judgement = judgementOf(state), texts = words();
  if (alone) {
    put($("title"), title());
    if (document.title !== title()) document.title = title();
    put($("dateline"), say("Known on {day}", { day: texts.day }));
  }
  $("claim").textContent = say("The probability that {claim}.", { claim: texts.judgements[judgement.id].claim });
  $("made").textContent = say("{draws} of {samples} draws of the fit under the prior set {priors}, each with the tables that it has of what is left as usual.",
    { draws: modelOf(state).draws, samples: modelOf(state).samples, priors: texts.priors[fitOf(state).priors] });
  controls(texts);
  knobs();
  backers(texts);
  const found = results();
  answers(found);
  record();
  $("undo").disabled = history.length === 0;
  frame.dataset.painted = String(performance.now() - start);
  later(() => tornado(found));
}

const KINDS = ["priors", "theory"];
const fitWith = ({ priors, theory }) => FITS.find(one => one.priors === priors && one.theory === theory);

function controls(texts) {
  options($("judgement"), content.judgements.map(one => [one.id, texts.judgements[one.id].title]), state.judgement);
  options($("actor"), [["", say("somebody the record does not hold")], ...content.actors.map(one => [one.code, texts.actors[one.code]])], state.actor);
  $("whose").hidden = !content.actorGroup;
  for (const kind of KINDS) {
    const shown = [...new Set(FITS.map(one => one[kind]))], title = name => texts[kind === "priors" ? "priors" : "theories"][name] ?? say("that of the network");
    options($(kind), shown.map(name => [name, title(name), !fitWith({ ...fitOf(state), [kind]: name })]), fitOf(state)[kind]);
    $(`by-${kind}`).hidden = shown.length < 2;
  }
  options($("interval"), INTERVALS.map(one => [one, `${one}\u00a0%`]), state.interval);
  options($("lexicon"), Object.keys(content.lexicons).map(one => [one, texts.lexicons[one]]), state.lexicon);
  options($("language"), Object.entries(content.languages).map(([code, one]) => [code, one.name]), state.language);
  if (root.activeElement !== $("margin")) $("margin").value = state.margin;
}

// Rows of knobs are made once, so that the one in use keeps its place; their words follow the language.
const selects = new Map();

function knobs() {
  const columns = PLACES.map(column => ({ column, shown: setIn(state, column), open: listed(state, column).open, title: column === "case" ? say("The case") : column }));
  for (const name of model.parents) {
    if (!selects.has(name)) {
      const row = made("tr", null, { role: "row" }), head = made("th", "", { scope: "row", role: "rowheader" });
      row.append(head);
      const own = {};
      for (const column of PLACES) {
        const cell = made("td", null, { role: "cell" }), select = made("select");
        select.addEventListener("change", () => turn(now => {
          if (now.names[column] && NODES.includes(name)) unname(now, column);
          if (select.value === "") delete now[column][name];
          else now[column][name] = Number(select.value);
        }));
        cell.append(select);
        row.append(cell);
        own[column] = select;
      }
      if (name === NODES[0]) $("rows").append(naming.row);
      $("rows").append(row);
      selects.set(name, { head, own });
    }
    const { head, own } = selects.get(name);
    const states = model.nodes.get(name).states.map((_, number) => [String(number), stateName(name, number)]);
    put(head, nodeName(name));
    for (const { column, shown, open, title } of columns) {
      const usual = column === "case" || name in open ? say("as usual") : say("as in the case"), set = name in shown;
      own[column].setAttribute("aria-label", `${nodeName(name)}, ${title}`);
      own[column].parentElement.dataset.label = title;
      options(own[column], [["", usual], ...states], set ? String(shown[name]) : "");
      own[column].className = set ? "set" : "";
    }
  }
}

// The row of backers by name: in each format those who are named, and a list to add from.
const naming = content.backers && namingRow();

function namingRow() {
  const row = made("tr", null, { role: "row" }), head = made("th", "", { scope: "row", role: "rowheader" }), own = {};
  row.append(head, made("td", null, { role: "cell", class: "empty" }));
  for (const column of FORMATS) {
    const cell = made("td", null, { role: "cell" }), box = made("div"), chosen = made("ul", null, { class: "chosen" }), select = made("select");
    select.addEventListener("change", () => turn(now => name(now, column, [...(now.names[column] ?? []), select.value])));
    box.append(chosen, select);
    cell.append(box);
    row.append(cell);
    own[column] = { chosen, select };
  }
  return { row, head, own };
}

// Those who may be named, in the order of the alphabet, which takes long to find.
const orders = new Map();

function inOrder(texts) {
  if (!orders.has(texts)) {
    const { compare } = new Intl.Collator(state.language), known = content.backers.known.map(([code]) => [code, texts.actors[code]]);
    orders.set(texts, known.sort(([, one], [, other]) => compare(one, other)));
  }
  return orders.get(texts);
}

function backers(texts) {
  if (!naming) return;
  naming.head.textContent = say("Backers by name");
  const title = code => texts.actors[code], notes = [];
  for (const column of FORMATS) {
    const { chosen, select } = naming.own[column], names = state.names[column];
    select.setAttribute("aria-label", `${say("Backers by name")}, ${column}`);
    select.closest("td").dataset.label = column;
    const first = names ? [["", say("add a backer")]] : [["", say("not by name")], [NOBODY, say("nobody else")]];
    options(select, [...first, ...inOrder(texts).filter(([code]) => code !== state.actor && !names?.includes(code))], "");
    select.disabled = !mayName(state) || names?.length >= content.backers.counts.length - 1;
    select.className = names ? "set" : "";
    const drop = code => turn(now => {
      if (code) name(now, column, names.filter(one => one !== code));
      else now.names[column] = null;
    });
    chosen.replaceChildren(...(names?.length ? names : names ? [""] : []).map(code => {
      const line = made("li"), text = code ? title(code) : say("nobody else");
      const button = made("button", `${text} \u00d7`, { type: "button", "aria-label": say("Remove {name} from {format}", { name: text, format: column }) });
      button.addEventListener("click", () => { drop(code); select.focus(); });
      line.append(button);
      return line;
    }));
    const open = Object.entries(listed(state, column).open).map(([node, codes]) => say("{node} (for want of {who})", { node: nodeName(node), who: codes.map(title).join(", ") }));
    if (open.length) notes.push(say("{format}: not known from the record and left open: {open}.", { format: column, open: open.join("; ") }));
  }
  notes.unshift(!mayName(state) ? say("Backers can be named once it is chosen whose conduct it is.")
    : content.backers.who ? say("From the names of backers follow: {nodes}.", { nodes: NODES.map(nodeName).join(", ") })
    : say("Under this network only the number of backers follows from their names, not who they are."));
  $("named").textContent = notes.join(" ");
}

function answers(found) {
  const interval = `${state.interval}\u00a0%`, several = Object.keys(model.groups).length > 0;
  $("formats").replaceChildren(...FORMATS.map(column => {
    const { answer: own, one, average, single } = found[column], box = made("div", null, { class: "format", id: `format-${column}` });
    box.append(made(heading, column), made("p", percent(own.mean), { class: "big" }));
    box.append(made("p", likely(own.mean)));
    const strip = made("div", null, { class: "bar", "aria-hidden": "true" });
    strip.append(...bar(average.map(state => state.mean), colours));
    const list = made("ul", null, { class: "legend" });
    list.append(...legend(average.map((each, s) => [colours[s], `${stateName(target.name, s)} ${percent(each.mean)} (${span(each.lower, each.upper)})`]).reverse()));
    box.append(strip, list, made("p", say("What the record leaves open ({interval} interval): {span}.", { interval, span: span(own.lower, own.upper) }), { class: "note" }));
    if (several) box.append(made("p", say("How far single cases differ ({interval} interval): {span}.", { interval, span: span(one.lower, one.upper) }), { class: "note" }));
    return box;
  }));
  const odd = FORMATS.filter(column => !found[column].possible);
  $("impossible").hidden = odd.length === 0;
  $("impossible").textContent = odd.length ? say("What is described of {formats} cannot occur together under the model; its numbers mean nothing.", { formats: odd.join(", ") }) : "";
  const { change: moved } = found, size = String(state.margin);
  $("change").textContent = say("{points} points, {interval} interval {low} to {high}.", { points: points(moved.mean), interval, low: points(moved.lower), high: points(moved.upper) });
  const shares = [moved.gain, moved.within, moved.loss], tones = [content.colours.kept, content.colours.grey, content.colours.broken];
  $("change-bar").replaceChildren(...bar(shares, tones));
  $("change-shares").replaceChildren(...legend([
    [tones[0], say("a gain of {size} points or more: {share}", { size, share: percent(moved.gain) })],
    [tones[1], say("less either way: {share}", { share: percent(moved.within) })],
    [tones[2], say("a loss of {size} points or more: {share}", { size, share: percent(moved.loss) })],
  ]));
  $("heard").textContent = say("A {a}, B {b}, change {points} points.", { a: percent(found.A.answer.mean), b: percent(found.B.answer.mean), points: points(moved.mean) });
}

// What takes longer than a repaint may is done after it, and given up when the next one comes.
let turnNumber = 0;

function later(work) {
  const own = ++turnNumber;
  setTimeout(() => { if (own === turnNumber) work(); }, 0);
}

// Each knob of B by itself, from every eighth draw, in parts.
function tornado(found) {
  const own = turnNumber, { states } = judgementOf(state), question = asked("B"), used = modelOf(state), every = Math.max(1, Math.floor(used.draws / 500));
  const middle = values => values.reduce((a, b) => a + b, 0) / values.length;
  const ask = (name, number) => middle(chance(answer(used, { ...question, set: { ...question.set, [name]: number } }, every).average, states));
  const now = middle(chance(answer(used, question, every).average, states)), all = [];
  $("tornado-note").textContent = say("The mean answer for B, {now}, with one feature set to each of its states and the rest as it is.", { now: percent(found.B.answer.mean) });
  const names = [...model.parents];
  const part = () => {
    if (own !== turnNumber) return;
    const begun = performance.now();
    while (names.length && performance.now() - begun < 30) {
      const name = names.shift(), given = { ...question.given };
      const moved = model.nodes.get(name).states.map((_, number) => ({ number, mean: ask(name, number) - now + found.B.answer.mean }));
      moved.sort((a, b) => a.mean - b.mean);
      all.push({ name, low: moved[0], high: moved.at(-1), given });
    }
    if (names.length) { setTimeout(part, 0); return; }
    all.sort((a, b) => (b.high.mean - b.low.mean) - (a.high.mean - a.low.mean));
    const low = Math.min(...all.map(one => one.low.mean)), high = Math.max(...all.map(one => one.high.mean)), wide = Math.max(high - low, 1e-9);
    const at = x => `${(100 * (x - low)) / wide}%`;
    $("tornado").replaceChildren(...all.map(one => {
      const row = made("tr"), cell = made("td", null, { class: "range" }), track = made("div", null, { class: "track", "aria-hidden": "true" });
      track.append(made("span", null, { style: { left: at(one.low.mean), width: `${(100 * (one.high.mean - one.low.mean)) / wide}%` } }), made("i", null, { style: { left: at(found.B.answer.mean) } }));
      cell.append(track);
      const words = each => `${stateName(one.name, each.number)}: ${percent(each.mean)}`;
      row.append(made("th", nodeName(one.name), { scope: "row" }), made("td", words(one.low)), made("td", words(one.high)), cell);
      return row;
    }));
    frame.dataset.tornado = String(own);
  };
  part();
}

// ---- The record ------------------------------------------------------------------------------------------------------

function described(column) {
  const { given, set } = asked(column);
  return { ...given, ...set };
}

function pairsUnseen(column) {
  const wanted = Object.entries(described(column)), found = [];
  wanted.forEach(([a, x], i) => wanted.slice(i + 1).forEach(([b, y]) => {
    if (!cases.some(one => one.states[a] === x && one.states[b] === y)) found.push([[a, x], [b, y]]);
  }));
  return found;
}

function record() {
  const count = column => {
    const wanted = Object.entries(described(column));
    return cases.filter(one => wanted.every(([name, number]) => one.states[name] === number)).length;
  };
  $("count").textContent = say("Of {cases} cases, {a} share all that is described of A, and {b} all that is described of B.", { cases: cases.length, a: count("A"), b: count("B") });
  const lists = [];
  for (const column of FORMATS) {
    const pairs = pairsUnseen(column);
    $(`format-${column}`).classList.toggle("unseen", pairs.length > 0);
    for (const name of new Set(pairs.flat().map(([name]) => name))) {
      const place = claimed(state, column).has(name) ? column : "case";
      selects.get(name).own[place].className = "unseen";
    }
    if (!pairs.length) continue;
    const list = made("ul"), said = ([name, number]) => `${nodeName(name)}: ${stateName(name, number)}`;
    list.append(...pairs.map(([one, other]) => made("li", `${said(one)} \u00b7 ${said(other)}`)));
    lists.push(made("p", say("{format} joins what no case of the record does; the answer there rests on the model alone:", { format: column }), { class: "alarm" }), list);
  }
  $("unseen").replaceChildren(...lists);
  const wanted = Object.entries(described("B"));
  const near = cases.map(one => ({ one, shared: wanted.filter(([name, number]) => one.states[name] === number).length }));
  near.sort((a, b) => b.shared - a.shared || (b.one.obligor === state.actor) - (a.one.obligor === state.actor) || b.one.year - a.one.year);
  $("nearest").replaceChildren(...near.slice(0, 6).map(({ one, shared }) => {
    const line = made("li"), name = [words().actors[one.obligor] ?? one.obligor, one.guarantee, one.year].filter(Boolean).join(", ");
    line.append(one.link ? made("a", name, { href: one.link, rel: "noreferrer" }) : made("span", name));
    const outcome = target.name in one.states ? `${stateName(target.name, one.states[target.name])}; ` : "";
    line.append(made("span", ` (${outcome}${say("{shared} of {all} features the same", { shared, all: wanted.length })})`));
    return line;
  }));
}

// ---- What can be taken away ------------------------------------------------------------------------------------------

// A string as TOML has it: JSON's escapes are among its own.
const quoted = text => JSON.stringify(text).replace(/\u007f/g, "\\u007f");

export function toml(now = state) {
  const judgement = judgementOf(now), question = content.scenario, { priors, theory } = fitOf(now);
  const list = names => `[${[...new Set(names)].map(quoted).join(", ")}]`;
  const table = states => Object.entries(states).map(([name, number]) => `${quoted(name)} = ${quoted(model.nodes.get(name).states[number])}`);
  const [A, B] = FORMATS.map(column => claimed(now, column)), own = { A, B };
  const known = Object.fromEntries(Object.entries(now.case).filter(([name]) => !A.has(name) && !B.has(name)));
  const apart = column => Object.fromEntries(Object.entries(now.case).filter(([name]) => (A.has(name) || B.has(name)) && !own[column].has(name)));
  const lines = [
    ...Object.entries({ name: `${question.name}-what-if`, title: question.title, question: question.question, as_of: question.as_of, horizon: question.horizon, resolution: question.resolution, network: question.network }).map(([key, value]) => `${key} = ${quoted(value)}`),
    `priors = ${list(question.priors.includes(priors) ? [priors, ...question.priors] : question.priors)}`,
    // A theory is compared with the one that the network holds by itself.
    `theories = ${list(theory ? [...question.theories, question.held, theory] : question.theories)}`, `seed = ${question.seed}`, `lexicon = ${quoted(now.lexicon)}`, "",
    "[headline]", `judgement = ${quoted(judgement.id)}`, 'format = "B"', "",
    "[[judgements]]", `id = ${quoted(judgement.id)}`, `title = ${quoted(judgement.title)}`, `claim = ${quoted(judgement.claim)}`,
    `node = ${quoted(target.name)}`, `states = [${judgement.states.map(s => quoted(target.states[s])).join(", ")}]`,
    ...(now.actor ? [`actor = ${quoted(now.actor)}`] : []), 'base = "A"',
    "[judgements.given]", ...table(known),
  ];
  for (const column of FORMATS) {
    // A network that sees nothing but their number has no names in its scenarios.
    const names = content.backers?.who && now.names[column];
    lines.push("[[judgements.formats]]", `label = "${column}"`, `do = { ${table(names ? now[column] : setIn(now, column)).join(", ")} }`);
    if (names) lines.push(`backers = [${names.map(quoted).join(", ")}]`);
    if (Object.keys(apart(column)).length) lines.push(`given = { ${table(apart(column)).join(", ")} }`);
  }
  return `${lines.join("\n")}\n`;
}

// A cell that a spreadsheet would take for a formula has an apostrophe before it.
const cell = value => {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export function csv() {
  const found = results(), rows = [["format", "outcome", "mean", "left_open_lower", "left_open_upper", "single_lower", "single_upper", "priors", "theory", "backers"]];
  const { priors, theory } = fitOf(state);
  for (const column of FORMATS) {
    target.states.forEach((name, s) => {
      const [own, one] = [found[column].average[s], found[column].single[s]];
      rows.push([column, name, own.mean, own.lower, own.upper, one.lower, one.upper, priors, theory, state.names[column] ? state.names[column].join(";") || "alone" : ""]);
    });
  }
  rows.push(["B - A", judgementOf(state).states.map(s => target.states[s]).join("+"), found.change.mean, found.change.lower, found.change.upper, "", "", priors, theory, ""]);
  return `${rows.map(row => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

export function svg() {
  const found = results(), space = "http://www.w3.org/2000/svg", picture = document.createElementNS(space, "svg");
  const draw = (tag, more, text) => {
    const one = document.createElementNS(space, tag);
    for (const [key, value] of Object.entries(more)) one.setAttribute(key, value);
    if (text !== undefined) one.textContent = text;
    picture.append(one);
  };
  const style = { "font-family": "sans-serif", "font-size": 13, fill: "#1d2733" };
  picture.setAttribute("xmlns", space);
  picture.setAttribute("viewBox", "0 0 640 230");
  draw("title", {}, title());
  draw("rect", { width: 640, height: 230, fill: "#ffffff" });
  draw("text", { x: 20, y: 26, ...style, "font-size": 14 }, `${words().judgements[state.judgement].title}`);
  ["A", "B"].forEach((column, i) => {
    const y = 50 + 70 * i, { average, answer: own } = found[column];
    let x = 40;
    draw("text", { x: 20, y: y + 18, ...style, "font-weight": 700 }, column);
    average.forEach((each, s) => { draw("rect", { x, y, width: 480 * each.mean, height: 26, fill: colours[s] }); x += 480 * each.mean; });
    draw("text", { x: 532, y: y + 18, ...style }, `${percent(own.mean)} (${span(own.lower, own.upper)})`);
    draw("text", { x: 40, y: y + 44, ...style, "font-size": 12 }, average.map((each, s) => `${stateName(target.name, s)} ${percent(each.mean)}`).join("  \u00b7  "));
  });
  draw("text", { x: 20, y: 210, ...style }, `${say("What B changes against A")}: ${$("change").textContent}`);
  return new XMLSerializer().serializeToString(picture);
}

function download(name, type, text) {
  const link = made("a", null, { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = made("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  $("heard").textContent = say("Copied.");
}

// ---- Begin -----------------------------------------------------------------------------------------------------------

const kept = now => ({ fit: now.fit, interval: now.interval, margin: now.margin, lexicon: now.lexicon, language: now.language });
$("judgement").addEventListener("change", event => turn(now => Object.assign(now, fresh(content.judgements.find(one => one.id === event.target.value), kept(now)))));
$("actor").addEventListener("change", event => turn(now => {
  const before = structuredClone(now);
  now.actor = event.target.value || null;
  for (const column of FORMATS.filter(one => now.names[one])) {
    if (mayName(now)) name(now, column, now.names[column]);
    else Object.assign(now, { [column]: setIn(before, column), names: { ...now.names, [column]: null } });
  }
}));
for (const kind of KINDS) $(kind).addEventListener("change", event => turn(now => { now.fit = fitWith({ ...fitOf(now), [kind]: event.target.value }).name; }));
$("interval").addEventListener("change", event => turn(now => { now.interval = Number(event.target.value); }));
$("lexicon").addEventListener("change", event => turn(now => { now.lexicon = event.target.value; }));
$("language").addEventListener("change", event => turn(now => { now.language = event.target.value; }));
$("margin").addEventListener("change", event => turn(now => {
  const size = Number(event.target.value);
  if (event.target.value !== "" && size >= 0 && size < 100) now.margin = size;
}));
$("undo").addEventListener("click", () => { if (history.length) { state = history.pop(); settle(); } });
$("reset").addEventListener("click", () => turn(now => Object.assign(now, fresh(judgementOf(now), kept(now)))));
$("link").addEventListener("click", () => copied(location.href));
$("toml").addEventListener("click", () => copied(toml()));
$("csv").addEventListener("click", () => download(`${content.scenario.name}.csv`, "text/csv", csv()));
$("svg").addEventListener("click", () => download(`${content.scenario.name}.svg`, "image/svg+xml", svg()));
window.addEventListener("hashchange", () => {
  const now = read(location.hash.slice(1));
  if (now && written(now) !== written(state)) { history.push(structuredClone(state)); state = now; paint(); }
});
paint();

// For a console, and for the checks of this page.
globalThis.whatIf = { answer: question => answer(modelOf({ fit: content.fit.name, ...question }), question), results, summary, chance, change, turn, toml, csv, svg, state: () => structuredClone(state) };
