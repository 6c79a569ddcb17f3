/** One method: what it takes, gives and refuses, and a form that sends it. */
import { membersOf, nameOf, shapesIn, typeOf } from './types.mjs';

/** @returns the elements that show the method */
export function showMethod(method, state) {
  const { components: { schemas, errors } } = state.spec;
  const { name, summary, params, result, errors: refusals = [] } = method;
  const members = membersOf(result?.schema, schemas);
  return [
    make('h2', {}, make('code', {}, name)),
    make('p', { className: 'faint' }, kindOf(method)),
    make('p', {}, ...inWords(summary)),
    ...(method['x-from'] === 'client' && name !== 'initialize' ? [make('h4', {}, 'Try it'), form(method, state)] : []),
    ...(params.length > 0 ? [make('h4', {}, 'Params'), table(params)] : []),
    ...(result ? [make('h4', {}, 'Result'), members.length > 0 ? table(members) : make('p', {}, make('code', {}, typeOf(result.schema)))] : []),
    ...(refusals.length > 0 ? [make('h4', {}, 'Errors'), errorTable(refusals.map((each) => ({ kind: nameOf(each), ...errors[nameOf(each)] })))] : []),
    ...shapes(method, schemas),
  ];
}

/** The shapes that the method names, each of which can be opened. */
function shapes({ params, result }, schemas) {
  const own = result?.schema.$ref === undefined ? undefined : nameOf(result.schema);
  const names = [...shapesIn([params, result], schemas)].filter((name) => name !== own);
  const shown = names.map((name) => {
    const members = membersOf(schemas[name], schemas);
    return make('details', {}, make('summary', {}, make('code', {}, name)), members.length > 0 ? table(members) : make('p', {}, make('code', {}, typeOf(schemas[name]))));
  });
  return shown.length > 0 ? [make('h4', {}, 'Shapes'), ...shown] : [];
}

function kindOf({ result, 'x-from': from }) {
  return `${result ? 'A request' : 'A notification'} of the ${from === 'client' ? 'client' : 'daemon'}`;
}

function form(method, state) {
  const params = make('textarea', { value: JSON.stringify(exampleOf(method, state), null, 2), spellcheck: false, ariaLabel: 'Params' });
  const send = make('button', {}, 'Send');
  const cancel = make('button', { className: 'plain', disabled: true }, 'Cancel');
  const status = make('output', { className: 'faint' });
  const output = make('pre', { className: 'output' });
  const answer = make('pre', { className: 'answer' });
  send.addEventListener('click', async () => {
    if (!state.connection) return tell(status, 'Connect first, with the token.', 'bad');
    let body;
    try {
      body = JSON.parse(params.value || '{}');
    } catch (fault) {
      return tell(status, `The params are not JSON: ${fault.message}`, 'bad');
    }
    output.replaceChildren();
    answer.replaceChildren();
    if (!method.result) {
      state.connection.notify(method.name, body);
      return tell(status, 'Sent. A notification is not answered.', 'good');
    }
    const hear = listen(body.commandId, output);
    state.listeners.add(hear);
    const pending = state.connection.request(method.name, body);
    cancel.onclick = () => state.connection?.cancel(pending.id);
    cancel.disabled = false;
    tell(status, 'Running…', 'faint');
    const { result, error } = await pending;
    state.listeners.delete(hear);
    cancel.disabled = true;
    tell(status, error ? `Error ${error.code}: ${error.message}` : 'Done.', error ? 'bad' : 'good');
    answer.textContent = JSON.stringify(error ?? result, null, 2);
    if (method.name === 'session/create' && result) state.sessionId = result.sessionId;
  });
  return make('div', { className: 'try' }, params, make('div', { className: 'row' }, send, cancel, status), output, answer);
}

/** Shows what a command prints, when it prints it. */
function listen(commandId, output) {
  return ({ method, params }) => {
    if (method !== 'command/output' || params.commandId !== commandId) return;
    output.append(make('span', { className: params.stream }, params.data));
    output.scrollTop = output.scrollHeight;
  };
}

/** The params of the first example, for the session that was made last; what is run has an id, so that its output comes while it runs. */
function exampleOf({ name, params, examples = [] }, state) {
  const { params: given = [] } = examples[0] ?? {};
  const example = Object.fromEntries(given.map((each) => [each.name, each.value]));
  const takes = (param) => params.some((each) => each.name === param);
  if (takes('sessionId') && 'sessionId' in example && state.sessionId) example.sessionId = state.sessionId;
  if (takes('commandId') && ['command/runCode', 'command/executeShell', 'command/installPackages'].includes(name)) example.commandId = `command-${++state.commands}`;
  return example;
}

function table(rows) {
  const cells = rows.map(({ name, required, schema, description = '' }) => make('tr', {},
    make('td', {}, make('code', { className: required ? 'required' : '' }, name)), make('td', { className: 'type' }, typeOf(schema)), make('td', {}, ...inWords(description))));
  return make('table', {}, make('tbody', {}, ...cells));
}

function errorTable(rows) {
  return make('table', {}, make('tbody', {}, ...rows.map(({ kind, code, message }) => make('tr', {}, make('td', {}, make('code', {}, `${code}`)), make('td', { className: 'type' }, kind), make('td', {}, ...inWords(message))))));
}

/** Words between backticks are code. */
function inWords(text) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? make('code', {}, part) : part));
}

function tell(status, text, className) {
  Object.assign(status, { textContent: text, className });
}

/** Everything is put in as text, so nothing of a document or an answer becomes markup. */
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
