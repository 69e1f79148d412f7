// The page that people label on. All of a row is put in as text, never as HTML; an answer is kept here until the
// server has it on disk, and has a key of its own, so that sending it twice does no harm.

const AHEAD = 3;
const PATIENCE = 8000; // milliseconds for one request
const SLOW = 2500; // after which the next row is shown from what was kept ready
const LIFE = 30000; // between two signs of life
const WAIT = 2000; // between two looks for a new round
const LONG_TEXT = 1500;
const PART = 4000; // characters of a long text that are laid out together
const COMMANDS = { s: "skip", f: "flag", n: "note", u: "undo", backspace: "undo", "?": "keys", 0: "none" };
const LETTERS = [..."qwertyiopadghjklzxcvbm"];

const $ = (id) => document.getElementById(id);
const state = {
  about: null,
  annotator: "",
  row: null, // on the screen
  answered: null, // what was said of it before, where it is shown again
  ahead: new Map(), // rows kept ready, by id
  waiting: [], // ids kept ready, in order
  done: [], // ids answered in this tab, the last one last
  busy: false,
  offline: false,
  refused: "",
  deciding: false,
};
let turn = 0; // counts what is put on the screen, so that an answer that comes late changes nothing

// Keeping

const kept = {
  memory: new Map(),
  get(name) {
    try {
      return localStorage.getItem(name) ?? this.memory.get(name) ?? null;
    } catch {
      return this.memory.get(name) ?? null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      this.memory.set(name, value); // no room, or not allowed: this tab still knows
    }
  },
  remove(name) {
    this.memory.delete(name);
    try {
      localStorage.removeItem(name);
    } catch {
      // it was in memory alone
    }
  },
  names(start) {
    const found = new Set(this.memory.keys());
    try {
      for (let place = 0; place < localStorage.length; place++) found.add(localStorage.key(place));
    } catch {
      // nothing but memory
    }
    return [...found].filter((name) => name.startsWith(start)).sort();
  },
};

const prefix = () => `shortlist.${state.about.loop}.`;
const queueOf = () => kept.names(`${prefix()}post.`);
let count = 0;

function newKey() {
  const parts = crypto.getRandomValues(new Uint32Array(4));
  return [...parts].map((part) => part.toString(16).padStart(8, "0")).join("");
}

function enqueue(act, body) {
  const key = newKey();
  const place = `${Date.now().toString().padStart(15, "0")}.${String(count++).padStart(6, "0")}.${key}`;
  kept.set(`${prefix()}post.${place}`, JSON.stringify({ act, at: Date.now(), body: { ...body, key } }));
}

// Asking

class Away extends Error {} // no connection, or the server can't at present
class Refused extends Error {}
class Stranger extends Error {}

async function ask(path, body) {
  const options = { signal: AbortSignal.timeout(PATIENCE), credentials: "same-origin" };
  if (body) Object.assign(options, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  let answer, found;
  try {
    answer = await fetch(path, options);
    found = await answer.json();
  } catch {
    throw new Away();
  }
  if (answer.ok) return found;
  if (answer.status === 401) throw new Stranger(found.error);
  if (answer.status >= 500 || answer.status === 429) throw new Away(found.error);
  throw new Refused(found.error);
}

const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value != null && value !== ""));

function readPost(name) {
  try {
    return JSON.parse(kept.get(name));
  } catch {
    return null;
  }
}

let flushing = null;
function flush() {
  flushing ??= send().finally(() => (flushing = null));
  return flushing;
}

async function send() {
  for (;;) {
    const [name] = queueOf();
    if (!name) break;
    const post = readPost(name);
    if (!post) {
      kept.remove(name); // another tab has sent it
      continue;
    }
    try {
      const waited = Math.max(0, (Date.now() - post.at) / 1000);
      const found = await ask(`/api/${post.act}`, { ...post.body, waited });
      kept.remove(name);
      showProgress(found);
    } catch (error) {
      if (!(error instanceof Refused)) return away(error);
      kept.remove(name);
      state.refused = `An answer to row ${post.body.id} was not taken: ${error.message}`;
    }
  }
  back();
}

let retry = null;
let pause = 1000;
function away(error) {
  state.offline = true;
  state.stranger = error instanceof Stranger;
  showNotice();
  clearTimeout(retry);
  retry = setTimeout(again, pause);
  pause = Math.min(pause * 2, 10000);
}

async function again() {
  await flush();
  if (!state.offline && !state.row && !state.deciding) await next();
}

function back() {
  const before = state.offline;
  state.offline = state.stranger = false;
  pause = 1000;
  clearTimeout(retry);
  showNotice();
  if (before && state.row === null && !state.deciding) next();
}

// Rows

async function next(have = state.waiting[0]) {
  const mine = ++turn;
  await flush();
  if (mine !== turn) return;
  if (state.offline) return nextKept();
  let found;
  try {
    found = await ask(`/api/next?${query({ annotator: state.annotator, have, ahead: AHEAD })}`);
  } catch (error) {
    if (error instanceof Refused) return say("This page can't go on", error.message);
    away(error);
    return nextKept();
  }
  if (mine !== turn) return;
  showProgress(found);
  if (found.id === null) return wait(found);
  state.waiting = found.ahead;
  for (const id of [...state.ahead.keys()]) if (!found.ahead.includes(id)) state.ahead.delete(id);
  show(found);
  keepReady();
}

async function keepReady() {
  for (const id of state.waiting) {
    if (state.ahead.has(id)) continue;
    try {
      const row = await ask(`/api/row?${query({ annotator: state.annotator, id })}`);
      state.ahead.set(id, row);
      for (const name of Object.keys(row.kinds)) if (row.kinds[name] === "image") picture(row, name, row.show[name]);
    } catch {
      return;
    }
  }
}

function nextKept() {
  const answered = new Set(queueOf().map((name) => readPost(name)?.body.id));
  while (state.waiting.length) {
    const id = state.waiting.shift();
    const row = state.ahead.get(id);
    state.ahead.delete(id);
    if (row && !answered.has(id)) return show(row);
  }
  say("No connection", "What you answered is kept here, and is sent once the server is back. Then it goes on by itself.");
}

let looking = null;
function wait(found) {
  const titles = { making: "The next round is on its way", ended: "Done", others: "Nothing for you right now", failed: "Something is in the way" };
  say(titles[found.state] ?? "Nothing right now", found.why);
  clearTimeout(looking);
  looking = setTimeout(() => !state.row && !state.deciding && next(), WAIT);
}

function say(title, why) {
  state.row = state.answered = null;
  $("work").hidden = true;
  $("start").hidden = true;
  $("wait").hidden = state.deciding;
  if ($("wait-title").textContent !== title || $("wait-why").textContent !== why) {
    $("wait-title").textContent = title;
    $("wait-why").textContent = why;
    speak(`${title}. ${why}`);
  }
  $("wait-undo").hidden = !state.done.length;
}

function show(row, { answer = null, enter = true } = {}) {
  state.row = row;
  state.answered = answer;
  clearTimeout(looking);
  $("wait").hidden = $("start").hidden = true;
  $("work").hidden = state.deciding;
  const place = $("row");
  place.replaceChildren(...parts(row));
  place.scrollTop = 0;
  showClasses(row);
  setFlag(false);
  $("note").value = "";
  openNote(false);
  $("undo").disabled = !state.done.length;
  const said = answer && (answer.skip ? "You skipped this row." : `You said: ${answer.label}.`);
  $("said").hidden = !answer;
  $("said").textContent = answer ? `${said} Another answer takes its place.` : "";
  if (enter) {
    const entry = { id: row.id };
    if (history.state?.id === undefined || history.state.id === row.id) history.replaceState(entry, "");
    else history.pushState(entry, "");
  }
  speak(`${answer ? said : row.again ? "A row that somebody else has labelled." : "New row."} ${place.textContent.slice(0, 600)}`);
}

function parts(row) {
  const pictures = [], texts = [], cells = [];
  const names = Object.keys(row.show);
  const only = names.length === 1;
  for (const name of names) {
    const value = row.show[name];
    const kind = row.kinds[name];
    if (kind === "image") pictures.push(picture(row, name, value));
    else if (kind === "text" && (only || value.length > 120 || value.includes("\n"))) texts.push(field(only ? "" : name, value));
    else cells.push([name, kind, value]);
  }
  return [...pictures, ...texts, ...(cells.length ? [table(cells)] : [])];
}

function field(name, value) {
  const block = element("div", "field");
  if (name) block.append(element("h2", "", name));
  block.append(text(value));
  return block;
}

function text(value) {
  const long = value.length > LONG_TEXT;
  const block = element("div", long ? "text long" : "text");
  if (!value.trim()) {
    block.append(element("p", "empty", "(an empty text)"));
    return block;
  }
  for (const part of partsOf(value.replace(/\r\n?/g, "\n"), long)) {
    const line = element("div", "", part);
    line.dir = "auto";
    block.append(line);
  }
  return block;
}

// A long text is cut into parts, of which those that nobody has scrolled to are not laid out: where a line ends, or else
// between two words, which shows as the end of a line.
function* partsOf(value, long) {
  if (!long) return yield value;
  for (let start = 0; start < value.length; ) {
    let end = value.indexOf("\n", start + PART) + 1;
    if (!end || end > start + 2 * PART) end = value.indexOf(" ", start + PART) + 1;
    if (!end || end > start + 2 * PART) end = start + PART;
    // Two halves of a character stay together.
    if (/[\ud800-\udbff]/.test(value.charAt(end - 1))) end++;
    yield value.slice(start, end);
    start = end;
  }
}

function picture(row, name, value) {
  const block = element("figure", "picture");
  const image = element("img");
  image.alt = `${name} of row ${row.id}`;
  image.referrerPolicy = "no-referrer";
  image.decoding = "async";
  image.addEventListener("error", () => block.replaceChildren(element("p", "empty", `The picture can't be loaded: ${value}`)));
  image.src = /^https?:\/\//.test(value) ? value : `/image?${query({ id: row.id, name })}`;
  block.append(image);
  return block;
}

function table(cells) {
  const found = element("table");
  for (const [name, kind, value] of cells) {
    const line = found.insertRow();
    const head = element("th", "", name);
    head.scope = "row";
    const cell = element("td");
    cell.dir = "auto";
    if (value === null || value === "") cell.append(element("span", "empty", "(nothing)"));
    else if (kind === "link" && /^https?:\/\//.test(value)) {
      const link = element("a", "", value);
      Object.assign(link, { href: value, target: "_blank", rel: "noopener noreferrer" });
      cell.append(link);
    } else cell.textContent = typeof value === "number" ? String(value) : value;
    line.append(head, cell);
  }
  return found;
}

function element(tag, name = "", content = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (content !== "") made.textContent = content;
  return made;
}

// Answers

const keyOf = (place) => (place < 9 ? String(place + 1) : LETTERS[place - 9] ?? "");

function showClasses(row) {
  const help = new Map(state.about.classes.map((one) => [one.name, one.help]));
  const mine = state.answered;
  const buttons = row.classes.map((name, place) => {
    const button = element("button", "answer");
    button.type = "button";
    const key = element("kbd", "", keyOf(place).toUpperCase() || "·");
    const label = element("span", "label", name);
    button.append(key, label);
    if (row.model) {
      const share = row.model[name] ?? 0;
      button.append(element("span", "share", `${Math.round(share * 100)}%`));
    }
    if (help.get(name)) button.append(element("span", "help", help.get(name)));
    if (row.model) {
      const meter = element("meter");
      meter.value = row.model[name] ?? 0;
      meter.setAttribute("aria-hidden", "true");
      button.append(meter);
    }
    if (mine) button.setAttribute("aria-pressed", String(mine.label === name));
    button.addEventListener("click", () => answer({ label: name }, name));
    return button;
  });
  $("classes").replaceChildren(...buttons);
  for (const [id, on] of [["none", mine?.label === state.about.none && !row.classes.includes(state.about.none)], ["skip", mine?.skip]]) {
    if (mine) $(id).setAttribute("aria-pressed", String(Boolean(on)));
    else $(id).removeAttribute("aria-pressed");
  }
}

async function answer(said, shown) {
  const row = state.row;
  if (!row || state.busy || state.deciding) return;
  state.busy = true;
  try {
    const body = { id: row.id, annotator: state.annotator, round: row.round, ...said };
    const note = $("note").value.trim();
    if (note) body.note = note;
    if ($("flag").getAttribute("aria-pressed") === "true") body.flag = true;
    enqueue("answer", body);
    setDone([...state.done.filter((other) => other !== row.id), row.id].slice(-200));
    state.refused = "";
    $("last").textContent = `Keeping: ${shown} …`;
    await Promise.race([flush(), new Promise((go) => setTimeout(go, SLOW))]);
    const left = queueOf().length;
    tabs?.postMessage({ annotator: state.annotator, id: row.id });
    if (left) {
      if (!state.offline) away(new Away());
      ++turn;
      nextKept();
    } else await next();
    $("last").textContent = `Last: ${shown}${left ? ", kept here" : ", saved"}`;
  } finally {
    state.busy = false;
  }
}

function setDone(ids) {
  state.done = ids;
  try {
    sessionStorage.setItem(`${prefix()}done`, JSON.stringify(state.done));
  } catch {
    // it lasts until the page is loaded again
  }
}

async function undo() {
  const id = state.answered ? state.row.id : state.done.at(-1);
  if (!id || state.busy || state.deciding) return;
  state.busy = true;
  try {
    const mine = ++turn;
    enqueue("undo", { id, annotator: state.annotator });
    setDone(state.done.filter((other) => other !== id));
    await Promise.race([flush(), new Promise((go) => setTimeout(go, SLOW))]);
    if (state.row && !state.answered && state.row.id !== id) {
      state.ahead.set(state.row.id, state.row);
      state.waiting.unshift(state.row.id);
    }
    const row = await seen(id);
    if (row && mine === turn) show(row);
    $("last").textContent = row ? "Taken back; answer it anew." : "It is taken back once the server is there.";
  } finally {
    state.busy = false;
  }
}

async function seen(id) {
  try {
    return await ask(`/api/row?${query({ annotator: state.annotator, id })}`);
  } catch (error) {
    if (error instanceof Refused) state.refused = error.message;
    else away(error);
    return null;
  }
}

function setFlag(on) {
  $("flag").setAttribute("aria-pressed", String(on));
}

function openNote(on) {
  $("note-box").hidden = !on;
  $("note-open").setAttribute("aria-expanded", String(on));
  if (on) $("note").focus();
}

const doing = {
  skip: () => answer({ skip: true }, "skipped"),
  none: () => answer({ label: state.about.none }, "none of these"),
  flag: () => setFlag($("flag").getAttribute("aria-pressed") !== "true"),
  note: () => openNote(true),
  undo,
  keys: () => $("keys").showModal(),
};

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, dialog");
  if (event.key === "Escape" && event.target === $("note")) {
    openNote(Boolean($("note").value.trim()));
    $("row").focus();
    return;
  }
  if (typing || event.repeat || event.altKey || !state.about || !$("start").hidden) return;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z") {
    event.preventDefault();
    undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || state.deciding) return;
  const command = COMMANDS[key];
  if (command) {
    if (!state.row && !["undo", "keys"].includes(command)) return;
    event.preventDefault();
    doing[command]();
    return;
  }
  const place = state.row?.classes.findIndex((_, at) => keyOf(at) === key) ?? -1;
  if (place < 0) return;
  event.preventDefault();
  const name = state.row.classes[place];
  answer({ label: name }, name);
});

// Deciding

async function openDecide() {
  state.deciding = true;
  for (const id of ["work", "wait", "start"]) $(id).hidden = true;
  $("decide").hidden = false;
  $("decided").replaceChildren();
  $("decide-about").textContent = "Looking …";
  $("decide-close").focus();
  await listCases();
}

async function listCases() {
  let found;
  try {
    found = await ask("/api/decide");
  } catch (error) {
    $("decide-about").textContent = error.message || "No connection.";
    return;
  }
  showDecide(found.waiting);
  $("decide-about").textContent = found.waiting
    ? `${found.waiting} ${found.waiting === 1 ? "row waits" : "rows wait"} for a decision: people differ on them, or have flagged them. What you say here is the row's label.`
    : "No row waits for a decision.";
  for (const one of found.rows) {
    const row = await seen(one.id);
    if (row && state.deciding) $("decided").append(caseOf(one, row));
  }
}

function caseOf(one, row) {
  const block = element("article", "case");
  block.append(element("h3", "", `Row ${one.id}: ${one.why.join(" and ")}`), ...parts(row));
  for (const area of block.querySelectorAll(".text")) area.tabIndex = 0;
  const said = element("ul");
  for (const { annotator, label, skip } of one.answers) said.append(element("li", "", `${annotator || "somebody"}: ${skip ? "skipped" : label ?? "none of these"}`));
  for (const { annotator, note } of one.notes) said.append(element("li", "", `${annotator || "somebody"} flagged it${note ? `: ${note}` : ""}`));
  if (said.children.length) block.append(said);
  const choices = element("div", "tools");
  for (const name of [...row.classes, state.about.none]) {
    const button = element("button", "quiet", name);
    button.type = "button";
    button.addEventListener("click", async () => {
      enqueue("review", { id: one.id, annotator: state.annotator, round: row.round, label: name });
      await flush();
      const heading = element("h3", "", `Row ${one.id}: ${name}${queueOf().length ? " (kept here)" : ""}`);
      block.replaceChildren(heading);
      speak(`Row ${one.id} is ${name}.`);
      countCases();
    });
    choices.append(button);
  }
  block.append(choices);
  return block;
}

function closeDecide() {
  state.deciding = false;
  $("decide").hidden = true;
  if (state.row) {
    $("work").hidden = false;
    $("row").focus();
  } else next();
}

async function countCases() {
  try {
    showDecide((await ask("/api/decide?count=1")).waiting);
  } catch {
    // shown another time
  }
}

function showDecide(waiting) {
  $("decide-open").hidden = !waiting;
  $("decide-open").textContent = `Decide (${waiting})`;
}

// What is said around the row

function showProgress(found) {
  const { progress } = found;
  const done = progress.answered + progress.skipped;
  $("round").hidden = !progress.round;
  $("bar").max = Math.max(1, progress.rows);
  $("bar").value = done;
  $("count").textContent = `Round ${progress.round}: ${done} of ${progress.rows}`;
}

async function showFacts() {
  let found;
  try {
    found = await ask("/api/status");
  } catch {
    return;
  }
  const facts = [];
  const { retrain, model, estimate, stop } = found;
  const needed = retrain.labels_needed;
  if (retrain.due) facts.push("The next model is being made");
  else if (needed) facts.push(`${needed} more ${needed === 1 ? "label" : "labels"} until the ${model ? "next" : "first"} model`);
  const percent = (share) => `${Math.round(share * 100)}`;
  if (estimate) facts.push(`Model ${model.number} is right on about ${percent(estimate.value)}% (${percent(estimate.low)} to ${percent(estimate.high)}), by ${estimate.rows} rows`);
  else if (model) facts.push(`Model ${model.number}, with no estimate yet`);
  facts.push(`${stop.met ? "The end is reached" : "Goes on until"}: ${stop.why}`);
  $("facts").replaceChildren(...facts.map((fact) => element("span", "", fact)));
  $("facts").hidden = false;
}

function showNotice() {
  const left = state.about ? queueOf().length : 0;
  const answers = `${left} ${left === 1 ? "answer waits" : "answers wait"} here`;
  let said = state.refused;
  if (state.stranger) said = `This page's link is no longer valid: open the one that the server has printed. ${left ? `${answers} and will be sent then.` : ""}`;
  else if (state.offline) said = left ? `Offline: ${answers} and will be sent.` : "Offline: trying to reach the server.";
  $("notice").hidden = !said;
  $("notice").classList.toggle("bad", Boolean(state.stranger || (!state.offline && state.refused)));
  if ($("notice").textContent !== said) $("notice").textContent = said;
}

function speak(words) {
  $("spoken").textContent = words;
}

function listKeys() {
  const lines = state.about.classes.map((one, place) => [keyOf(place).toUpperCase(), one.name]);
  lines.push(["0", "None of these"], ["S", "Skip"], ["F", "Flag for whoever decides"], ["N", "Note (Esc leaves it)"], ["U", "Undo (also Ctrl+Z and Backspace)"], ["?", "This list"]);
  $("keys-list").replaceChildren(
    ...lines.filter(([key]) => key).flatMap(([key, what]) => {
      const term = element("dt");
      term.append(element("kbd", "", key));
      return [term, element("dd", "", what)];
    }),
  );
}

// Beginning

function askName() {
  clearTimeout(looking);
  ++turn;
  state.row = null;
  for (const id of ["work", "wait", "decide"]) $(id).hidden = true;
  state.deciding = false;
  $("start").hidden = false;
  $("annotator").value = state.annotator || state.about.suggested;
  $("annotator").focus();
  $("annotator").select();
}

function begin(name) {
  state.annotator = name;
  state.ahead.clear();
  state.waiting = [];
  kept.set(`${prefix()}annotator`, name);
  $("who").textContent = name;
  $("who").setAttribute("aria-label", `Labelling as ${name}; change`);
  $("who").hidden = false;
  $("start").hidden = true;
  next(history.state?.id);
}

$("start").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("annotator").value.trim().replace(/\s+/g, " ");
  if (!name) return;
  if (name !== state.annotator) {
    leave();
    state.done = [];
  }
  history.replaceState(null, "");
  begin(name);
});
for (const name of ["skip", "none", "flag", "undo"]) $(name).addEventListener("click", doing[name]);
$("note-open").addEventListener("click", () => openNote($("note-box").hidden));
$("keys-open").addEventListener("click", doing.keys);
$("wait-undo").addEventListener("click", undo);
$("who").addEventListener("click", askName);
$("decide-open").addEventListener("click", openDecide);
$("decide-close").addEventListener("click", closeDecide);
addEventListener("online", again);

// Another tab of the same person has answered the row that is shown here.
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("shortlist") : null;
tabs?.addEventListener("message", ({ data }) => {
  if (data.annotator === state.annotator && data.id === state.row?.id && !state.answered && !state.busy) next();
});

addEventListener("popstate", async ({ state: entry }) => {
  if (!entry?.id || !state.about || !state.annotator || state.deciding) return;
  if (entry.id === state.row?.id) return;
  const mine = ++turn;
  const row = state.ahead.get(entry.id) ?? (await seen(entry.id));
  if (!row || mine !== turn) return;
  if (state.row && !state.answered) {
    state.ahead.set(state.row.id, state.row);
    if (!state.waiting.includes(state.row.id)) state.waiting.unshift(state.row.id);
  }
  show(row, { answer: row.answer ?? null, enter: false });
});

function leave() {
  if (state.annotator) navigator.sendBeacon?.("/api/leave", JSON.stringify({ annotator: state.annotator }));
}
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => event.persisted && state.annotator && next(state.row?.id));

setInterval(() => {
  if (document.hidden || !state.annotator || state.offline || state.busy) return;
  const live = state.row && !state.answered;
  if (live) ask(`/api/next?${query({ annotator: state.annotator, have: state.row.id, ahead: AHEAD })}`).then(showProgress, () => {});
  countCases();
}, LIFE);
setInterval(() => !document.hidden && state.annotator && !state.offline && showFacts(), 10000);

async function load() {
  // The token is in the cookie by now, and need not stay where it can be read over a shoulder.
  if (location.search) history.replaceState(history.state, "", "/");
  try {
    state.about = await ask("/api/about");
  } catch (error) {
    say("No connection", error.message || "The server can't be reached. This page tries again.");
    setTimeout(load, WAIT);
    return;
  }
  document.title = `${state.about.name}: labelling`;
  $("name").textContent = state.about.name;
  listKeys();
  try {
    state.done = JSON.parse(sessionStorage.getItem(`${prefix()}done`)) ?? [];
  } catch {
    state.done = [];
  }
  const name = kept.get(`${prefix()}annotator`);
  showFacts();
  countCases();
  if (name) begin(name);
  else askName();
}

load();
