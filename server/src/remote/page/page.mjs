/** The page at /docs: shows each method of the OpenRPC document, and sends it when somebody tries it. */
import { Connection } from './connection.mjs';
import { showMethod } from './method.mjs';

const at = (id) => document.getElementById(id);
const spec = await (await fetch('/docs/openrpc.json')).json();
const state = { spec, connection: undefined, sessionId: undefined, commands: 0, listeners: new Set() };

at('version').textContent = spec.info.version;
at('filter').addEventListener('input', list);
at('connection').addEventListener('submit', (event) => {
  event.preventDefault();
  void (state.connection ? state.connection.close() : connect());
});
addEventListener('hashchange', show);
list();
show();

async function connect() {
  tell('connecting', '');
  const connection = new Connection(at('token').value.trim(), {
    hear: (message) => state.listeners.forEach((listener) => listener(message)),
    closed: (reason) => {
      if (state.connection === connection) tell(`the connection has ended: ${reason}`, 'bad');
      state.connection = undefined;
      state.sessionId = undefined;
      at('connect').textContent = 'Connect';
    },
  });
  try {
    const { capabilities } = await connection.open();
    state.connection = connection;
    at('connect').textContent = 'Disconnect';
    tell(`connected; available: ${capabilities.runtimes.filter(({ available }) => available).map(({ id }) => id).join(', ') || 'no runtime'}`, 'good');
  } catch (fault) {
    tell(fault.message, 'bad');
  }
}

function tell(text, className) {
  Object.assign(at('state'), { textContent: text, className });
}

/** The methods, by sections, that the filter lets through. */
function list() {
  const wanted = at('filter').value.toLowerCase();
  at('list').replaceChildren(...[...sections()].flatMap(([section, methods]) => {
    const shown = methods.filter(({ name, summary }) => `${name} ${summary}`.toLowerCase().includes(wanted));
    if (shown.length === 0) return [];
    const title = Object.assign(document.createElement('h3'), { textContent: section });
    return [title, ...shown.map(({ name }) => Object.assign(document.createElement('a'), { textContent: name, href: `#${name}` }))];
  }));
  mark();
}

function sections() {
  const found = new Map();
  for (const method of spec.methods) {
    const [{ name }] = method.tags;
    found.set(name, [...(found.get(name) ?? []), method]);
  }
  return found;
}

function chosen() {
  const name = decodeURIComponent(location.hash.slice(1));
  return spec.methods.find((method) => method.name === name);
}

function show() {
  const method = chosen();
  mark();
  if (!method) return;
  state.listeners.clear();
  at('method').replaceChildren(...showMethod(method, state));
  at('method').scrollTop = 0;
}

function mark() {
  const name = chosen()?.name;
  for (const link of at('list').querySelectorAll('a')) link.toggleAttribute('aria-current', link.textContent === name);
}
