/*
 * Asks for /status each second and shows what has changed. Everything from outside goes through textContent.
 */

const EVERY_MS = 1000;
const PATIENCE_MS = 5000;

const find = (selector) => document.querySelector(selector);

function setText(element, text) {
  const value = String(text);
  if (element.textContent !== value) element.textContent = value;
}

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function rateText(perSecond) {
  if (perSecond === 0) return "0";
  return perSecond >= 10 ? number.format(perSecond) : perSecond.toFixed(perSecond >= 1 ? 1 : 2);
}

function msText(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : secondsText(ms / 1000);
}

function secondsText(seconds) {
  if (seconds < 1) return msText(seconds * 1000);
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function bytesText(bytes) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let at = 0;
  while (bytes >= 1024 && at < units.length - 1) {
    bytes /= 1024;
    at++;
  }
  return `${bytes.toFixed(at === 0 || bytes >= 100 ? 0 : 1)} ${units[at]}`;
}

/** Makes a table's rows those of a list, in its order; rows that are there already stay as they are. */
function showRows(table, items, keyOf, cellsOf) {
  const body = table.tBodies[0];
  const rows = new Map(Array.from(body.rows, (row) => [row.dataset.key, row]));
  const stay = new Set(items.map(keyOf));
  for (const [key, row] of rows) if (!stay.has(key)) row.remove();
  let before = body.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let row = rows.get(key);
    if (row === before && row) before = before.nextElementSibling;
    else {
      row ??= make("tr");
      row.dataset.key = key;
      body.insertBefore(row, before);
    }
    for (const [at, cell] of cellsOf(item).entries()) {
      const old = row.cells[at];
      if (!old) row.append(cell);
      else if (!old.isEqualNode(cell)) old.replaceWith(cell);
    }
  }
  table.nextElementSibling.hidden = items.length > 0;
}

function cell(className, ...content) {
  const element = make("td", className);
  element.append(...content);
  return element;
}

function statusMark(status, count) {
  const mark = make("span", `status s${String(status)[0]}`, String(status || "–"));
  if (count !== undefined) mark.append(make("small", "", ` × ${number.format(count)}`));
  return mark;
}

function requestName(method, path) {
  const name = document.createDocumentFragment();
  name.append(make("span", `verb v-${method.toLowerCase()}`, method), " ", make("code", "", path));
  return name;
}

function routeName({ method, path }) {
  const link = make("a");
  link.href = `#${encodeURIComponent(encodeURIComponent(`${method} ${path}`))}`;
  link.append(requestName(method, path));
  return link;
}

function routeCells(route) {
  const { latency, usage } = route;
  const took = (ms) => cell("number", route.requests > 0 ? msText(ms) : "–");
  const answers = Object.entries(route.statuses).map(([status, count]) => statusMark(status, count));
  const ended = Object.entries(route.killed).map(([reason, count]) => `${reason} × ${number.format(count)}`);
  return [
    cell("", routeName(route)),
    cell("number", rateText(route.perSecond)),
    cell("", ...answers),
    took(latency.p50),
    took(latency.p95),
    took(latency.p99),
    cell("number", number.format(route.running)),
    cell("number", number.format(route.waiting)),
    cell("", ended.join(", ")),
    cell("number", usage.maxRss > 0 ? secondsText(usage.user + usage.system) : "–"),
    cell("number", usage.maxRss > 0 ? bytesText(usage.maxRss) : "–"),
  ];
}

function workerCells({ method, path, pid, state, requests, uptime }) {
  return [
    cell("", requestName(method, path)),
    cell("number", String(pid)),
    cell("", state),
    cell("number", number.format(requests)),
    cell("number", secondsText(uptime)),
  ];
}

function recordCells(record) {
  const time = make("time", "", new Date(record.time).toLocaleTimeString("en-GB"));
  time.dateTime = new Date(record.time).toISOString();
  time.title = time.dateTime;
  return [
    cell("", time),
    cell("wide", requestName(record.method, record.path)),
    cell("", statusMark(record.status)),
    cell("number", msText(record.ms)),
    cell("wide", record.outcome),
    cell("number", record.pid === undefined ? "–" : String(record.pid)),
    cell("number", record.cpu === undefined ? "–" : msText(record.cpu)),
    cell("id", make("code", "", record.id)),
  ];
}

function total(routes, take) {
  return routes.reduce((sum, route) => sum + take(route), 0);
}

function countOf(statuses, isMeant) {
  return Object.entries(statuses).reduce((sum, [status, count]) => isMeant(Number(status)) ? sum + count : sum, 0);
}

function showFigure(name, text, className = "") {
  const element = find(`[data-figure="${name}"]`);
  setText(element, text);
  if (name !== "state") element.className = className;
}

function showState(state) {
  showFigure("state", state);
  find(".state").dataset.state = state;
}

function showLive(routes) {
  const byName = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
  for (const element of document.querySelectorAll(".live")) {
    const route = byName.get(element.dataset.route);
    if (!route) continue;
    const words = [`${number.format(route.requests)} answered`, `${rateText(route.perSecond)} / s`];
    if (route.requests > 0) words.push(`p95 ${msText(route.latency.p95)}`);
    if (route.running > 0) words.push(`${number.format(route.running)} running`);
    if (route.waiting > 0) words.push(`${number.format(route.waiting)} waiting`);
    setText(element, words.join(" · "));
  }
}

let last;

function show(status) {
  last = status;
  const { routes, workers, recent } = status;
  const failed = total(routes, (route) => countOf(route.statuses, (code) => code >= 500));
  showState(status.state);
  showFigure("uptime", secondsText(status.uptime));
  showFigure("perSecond", rateText(total(routes, (route) => route.perSecond)));
  showFigure("requests", number.format(total(routes, (route) => route.requests)));
  showFigure("failed", number.format(failed), failed > 0 ? "bad" : "");
  showFigure("refused", number.format(countOf(status.unrouted, () => true)));
  showFigure("running", number.format(total(routes, (route) => route.running)));
  showFigure("waiting", number.format(total(routes, (route) => route.waiting)));
  showFigure("connections", number.format(status.connections));
  showLive(routes);
  showRows(find("#route-figures"), routes, ({ method, path }) => `${method} ${path}`, routeCells);
  find("#workers-section").hidden = workers.length === 0;
  showRows(find("#worker-figures"), workers, ({ pid }) => String(pid), workerCells);
  const chosen = find("#failures").checked ? recent.filter(({ status }) => status === 0 || status >= 400) : recent;
  showRows(find("#last-requests"), chosen, ({ id, time }) => `${id} ${time}`, recordCells);
  find("#changed").hidden = document.documentElement.dataset.configured === String(status.configuredAt ?? "");
}

let timer;
let isPaused = false;

async function refresh() {
  clearTimeout(timer);
  try {
    const response = await fetch("status", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    show(await response.json());
  } catch {
    showState("out of reach");
  }
  goOn();
}

function goOn() {
  clearTimeout(timer);
  if (!isPaused && !document.hidden) timer = setTimeout(refresh, EVERY_MS);
}

function targetOf(hash) {
  try {
    return document.getElementById(decodeURIComponent(hash.slice(1)));
  } catch {
    return null; // A stray percent sign leads nowhere.
  }
}

function openTarget() {
  const target = targetOf(location.hash);
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.querySelector("summary").focus();
  }
}

const pause = find("#pause");
pause.hidden = false;
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
  setText(pause, isPaused ? "Go on" : "Pause");
  if (!isPaused) refresh();
});
document.addEventListener("visibilitychange", () => document.hidden ? goOn() : isPaused || refresh());
find(".filter").hidden = false;
find("#failures").addEventListener("change", () => last && show(last));
addEventListener("hashchange", openTarget);
openTarget();
refresh();
