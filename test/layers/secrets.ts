/** The layers around secrets: where they are taken out of output, and every place in which they must not be. */
import type { Layer } from './layer.ts';

const forms = 'server/src/secrets/forms.ts';
const redactor = 'test/secrets/redactor.test.ts';
const serving = 'test/serving/secrets.test.ts';
const e2e = 'test/e2e/secrets.test.ts';
const session = 'server/src/session/session.ts';
/** Has the variables of a session written into a folder. */
const keptIn = (folder: string): string => `void import('node:fs').then((fs) => { const folder = ${folder}; fs.mkdirSync(folder, { recursive: true }); fs.writeFileSync(folder + '/kept', JSON.stringify(this.env)); });\n    this.#tell('ready');`;

/** Takes one form of a secret out of those that are searched for. */
const form = (name: string, without: string): Layer => ({ name: `redaction of ${name}`, file: forms, from: 'for (const kind of [() => [bytes], () => lines(value), () => base64(bytes), () => percent(bytes), () => json(value)]) yield* kind();', to: `yield* [${without}];\n  void [lines, base64, percent, json];`, test: redactor });

export const secrets: readonly Layer[] = [
  form('the value itself', '...lines(value), ...base64(bytes), ...[...percent(bytes)].filter((each) => !each.equals(bytes)), ...json(value).filter((each) => !each.equals(bytes))'),
  form('lines', 'bytes, ...base64(bytes), ...percent(bytes), ...json(value)'),
  form('base64', 'bytes, ...lines(value), ...percent(bytes), ...json(value)'),
  form('percent-encoding', 'bytes, ...lines(value), ...base64(bytes), ...json(value)'),
  form('JSON', 'bytes, ...lines(value), ...base64(bytes), ...percent(bytes)'),
  { name: 'redaction of base64 at each of three places', file: forms, from: 'return [0, 1, 2].flatMap((before) => {', to: 'return [0, 1].flatMap((before) => {', test: redactor },
  { name: 'redaction of base64 in lines', file: forms, from: 'const broken = before === 0 ?', to: 'const broken = before < 0 ?', test: redactor },
  { name: 'redaction across pieces', file: 'server/src/secrets/redactor.ts', from: 'const settled = text.length - (this.#automaton.depth[this.#state] as number);', to: 'const settled = text.length;', test: redactor },
  ...['stdout', 'stderr', 'pty'].map((stream): Layer => ({
    name: `redaction of ${stream}`, file: 'server/src/command/redacted-output.ts', from: 'return this.#pass(stream, redactor.push(chunk));', to: `return this.#pass(stream, stream === '${stream}' ? chunk : redactor.push(chunk));`, test: serving,
  })),
  { name: 'what is held back when a limit ends a command', file: 'server/src/command/running-command.ts', from: 'if (!this.#cause) await this.#stopped.limit(this.#options.target.flush());', to: 'await this.#stopped.limit(this.#options.target.flush());', test: serving },
  { name: 'redaction of collected output', file: 'server/src/command/execute.ts', from: 'target: secrets ? new', to: 'target: secrets && streamed ? new', test: serving },
  { name: 'redaction of streamed output', file: 'server/src/command/execute.ts', from: 'target: secrets ? new', to: 'target: secrets && !streamed ? new', test: serving },
  { name: 'secrets are not in the sandbox of an installation', file: 'server/src/packages/install-packages.ts', from: 'sandbox.start(program, tail.before(sink), halt)', to: 'sandbox.start({ ...program, env: { ...session.env, ...program.env } }, tail.before(sink), halt)', test: serving },
  { name: 'redaction of what an installation complains', file: 'server/src/packages/install-packages.ts', from: 'session.environment.secrets?.redact(tail.text) ?? tail.text', to: 'tail.text', test: serving },
  { name: 'secrets are not in traces', file: 'server/src/wire/trace.ts', from: "if (secrets.includes(key)) return '(hidden)';", to: "if (secrets.includes('none')) return '(hidden)';", test: 'test/wire/trace.test.ts' },
  { name: 'secrets of a session are not in traces', file: 'server/src/protocol/methods.ts', from: "params: sessions.SessionCreateParams, result: Session, secrets: ['secrets', 'env'],", to: "params: sessions.SessionCreateParams, result: Session, secrets: ['env'],", test: serving },
  { name: 'secrets are not in the view of a session', file: 'server/src/session/session.ts', from: 'commandCount: this.#commandCount,\n', to: 'commandCount: this.#commandCount,\n      ...{ env: this.env },\n', test: serving },
  { name: 'secrets are not in the audit log', file: 'server/src/audit/calls.ts', from: '    language, runtime, image, strict,\n', to: '    language, runtime, image, strict, values: Object.values(secrets),\n', test: 'test/serving/gate/audit.test.ts' },
  { name: 'secrets are not in the options of a container', file: 'server/src/runtime/kinds/docker/container.ts', from: "Env: ['HOME=/tmp', 'TMPDIR=/tmp'],", to: "Env: ['HOME=/tmp', 'TMPDIR=/tmp', ...Object.entries(spec).map(([name, value]) => `${name}=${String(value)}`)],", test: 'test/runtime/kinds/docker/runtime.test.ts' },
  { name: 'that a secret is too short to be taken out is told', file: 'server/src/serving/handlers/create-session.ts', from: 'for (const name of secrets?.tooShort ?? [])', to: 'for (const name of secrets?.tooShort.slice(0, 0) ?? [])', test: serving },
  { name: 'a file of secrets that others can read', file: 'server/src/base/private-file.ts', from: '(found.mode & OF_OTHERS) !== 0', to: '(found.mode & OF_OTHERS) > OF_OTHERS', test: 'test/secrets/sources.test.ts' },
  { name: 'secrets are not in what the client is told', file: 'server/src/serving/handlers/create-session.ts', from: 'const secrets = await abortable(', to: 'void client.logMessage(4, JSON.stringify(params));\n    const secrets = await abortable(', test: serving },
  { name: 'secrets are not in the log', file: session, from: "this.#tell('ready');", to: "parts.log.debug(JSON.stringify(this.env));\n    this.#tell('ready');", test: serving },
  { name: 'secrets are not in the log of a real daemon', file: session, from: "this.#tell('ready');", to: "parts.log.debug(JSON.stringify(this.env));\n    this.#tell('ready');", test: e2e, built: true },
  { name: 'secrets are not in a command line', file: 'server/src/command/execute.ts', from: 'return running.run(\'run\', { command: params.command,', to: 'return running.run(\'run\', { command: [...params.command, JSON.stringify(environmentOf(session, params))],', test: e2e, title: 'native', built: true },
  { name: 'secrets are not in the cache of the daemon', file: session, from: "this.#tell('ready');", to: keptIn("`${process.env.XDG_CACHE_HOME}`"), test: e2e, title: 'native', built: true },
  { name: 'secrets are not in the temporary files of the daemon', file: session, from: "this.#tell('ready');", to: keptIn("`${fs.mkdtempSync(`/tmp/codebeaker-${process.pid}-`)}`"), test: e2e, title: 'native', built: true },
];
