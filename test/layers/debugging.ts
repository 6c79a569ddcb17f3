/** The layers between a debugger, which counts as hostile, and its client. */
import type { Layer } from './layer.ts';

const exchange = 'server/src/debug/exchange.ts';
const rewrite = 'server/src/debug/rewrite.ts';
const tables = 'server/src/debug/tables.ts';
const shapes = 'server/src/debug/shapes.ts';
const paths = 'server/src/debug/paths.ts';
const sources = 'server/src/debug/sources.ts';
const codec = 'server/src/debug/codec.ts';
const test = 'test/debug/exchange.test.ts';
const ofPaths = 'test/debug/paths.test.ts';
const child = 'server/src/debug/children/child.ts';
const family = 'server/src/debug/children/family.ts';
const ofChildren = 'test/debug/children.test.ts';
const ofCodec = 'test/debug/codec.test.ts';

export const debugging: readonly Layer[] = [
  { name: 'requests of a debugger are answered by the daemon', file: exchange, from: "if (message.type === 'request') {\n", to: "if (message.type === 'request' && message.command === 'nothing') {\n", test },
  { name: 'only requests of the table reach a debugger', file: exchange, from: 'if (!mayAsk(name)) return', to: 'if (name === \'\' && !mayAsk(name)) return', test },
  { name: 'a debugger is asked only about what a client was told', file: exchange, from: 'if (missing !== undefined) return this.#refuse(request, missing);', to: 'if (missing === \'\') return;', test },
  { name: 'the arguments of launch are the daemon’s', file: exchange, from: "const args = name === 'launch' ? this.#parts.launch :", to: "const args = name === 'launch' ? { ...this.#parts.launch, ...given } :", test },
  { name: 'a debugger answers only what was asked', file: exchange, from: 'if (pending?.sent === undefined) return;', to: "if (pending?.sent === undefined) return this.#tell(response);", test },
  { name: 'a debugger answers once', file: exchange, from: 'this.#pending.delete(response.request_seq);\n    const { seq, command } = pending;', to: 'const { seq, command } = pending;', test },
  { name: 'an answer is of the command that was asked', file: exchange, from: 'const body = response.command === pending.sent ? this.#bodyOf(response) : undefined;', to: 'const body = this.#bodyOf({ ...response, command: pending.sent });', test },
  { name: 'answers of a success have the shape of the protocol', file: tables, from: 'return shape && shaped(shape, body, handles);', to: 'return shape && body;', test },
  { name: 'events have the shape of the protocol', file: tables, from: 'return { ...rest, event, ...(body && { body: fit }) };', to: 'return { ...rest, event, ...(body && { body }) };', test },
  { name: 'failures lead to no address', file: tables, from: '? { error: { ...fit, variables } } : undefined;', to: '? { error: { ...(error as Json), ...fit, variables } } : undefined;', test },
  { name: 'capabilities are those that are known to work', file: tables, from: 'const on = known.filter((name) => said[name] === true)', to: 'const on = [...known, ...Object.keys(said)].filter((name) => said[name] === true)', test },
  { name: 'numbers are whole and not too large', file: shapes, from: 'Math.abs(value as number) <= MAX_WHOLE', to: 'Math.abs(value as number) <= Infinity', test },
  { name: 'names are on one line', file: rewrite, from: 'return this.#clean(text).replace(ACTING,', to: 'return this.#clean(text).replace(/\\0/g,', test },
  { name: 'a source outside becomes a number', file: rewrite, from: 'const outer = inner === undefined || reference !== undefined ? undefined : this.#path(inner);', to: 'const outer = inner;', test },
  { name: 'of a source only known members are kept', file: rewrite, from: 'const kept = {\n', to: 'const kept = {\n      ...source,\n', test },
  { name: 'sources are followed to a depth', file: rewrite, from: '#source(source: Json, depth: number): Json {\n    if (depth > MAX_DEPTH)', to: '#source(source: Json, depth: number): Json {\n    if (depth > MAX_DEPTH * 1000)', test },
  { name: 'secrets are taken out of what a debugger says', file: rewrite, from: 'return this.#parts.secrets?.redact(text) ?? text;', to: 'return text;', test },
  { name: 'a path of the sandbox that leads out of the folder is not the client’s', file: paths, from: 'const path = posix.normalize(given);\n    const found = this.#longest(({ sandbox })', to: 'const path = given;\n    const found = this.#longest(({ sandbox })', test: ofPaths },
  { name: 'a path of the client that leads out of the folder is not the sandbox’s', file: paths, from: 'const path = posix.normalize(folder + rest);\n  return below(folder, path) === undefined ? undefined : path;', to: 'return folder + rest;', test: ofPaths },
  { name: 'the sources that are remembered have an end', file: sources, from: 'if (this.#all.length >= MAX_SOURCES || this.#pathsLength + length > MAX_PATHS_LENGTH) return undefined;', to: '', test },
  { name: 'the values of a message are bounded', file: codec, from: 'if (hasTooMany(bytes)) return', to: 'if (bytes.length < 0 && hasTooMany(bytes)) return', test: ofCodec },
  { name: 'nothing is told before the first answer', file: 'server/src/debug/order.ts', from: 'if (this.#introduced) return [event];', to: 'if (this.#room > 0) return [event];', test },
  { name: 'nothing is told to who was refused at the beginning', file: 'server/src/debug/order.ts', from: 'if (this.#refused) return [message];', to: '', test },
  { name: 'what can happen once is told once', file: 'server/src/debug/order.ts', from: 'if (this.#told.has(event.event)) return [];', to: '', test },
  { name: 'a debugger that waits has waited alone', file: 'server/src/debug/ready-adapters.ts', from: 'if (!slot?.adapter) return;\n    this.#drop(slot);', to: 'if (slot !== undefined) return;', test: 'test/debug/ready.test.ts' },
  { name: 'the first fault is the last', file: codec, from: 'this.#parser.stop();', to: '', test: ofCodec },
  { name: 'requests of the debugger of another process are refused', file: child, from: "if (message.type === 'request') return void this.#write(", to: "if (message.type === 'request') return void Object.assign(", test: ofChildren },
  { name: 'a process that sends what is no message is left', file: child, from: "if (this.#reader.fault !== undefined) this.end('runs on without a debugger, because its debugger has sent what is no message');\n    else this.#parts.kept();", to: 'this.#parts.kept();', test: ofChildren },
  { name: 'processes keep no more of messages together than one', file: family, from: 'if (all.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0) <= MAX_MESSAGE_BYTES) return;', to: 'if (all.length > 0) return;', test: ofChildren },
  { name: 'the processes that are debugged at a time have an end', file: family, from: 'if (this.#children.size < MAX_CHILDREN) {', to: 'if (this.#children.size < Infinity) {', test: ofChildren },
  { name: 'a process tells what is in the table for it alone', file: family, from: 'const usable = TOLD.has(message.event) ? eventFor(', to: 'const usable = TOLD ? eventFor(', test: ofChildren },
];
