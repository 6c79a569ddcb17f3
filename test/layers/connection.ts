/** The layers that a call meets before it is served: shapes, sizes, rates, quotas and the rules of who may do what. */
import type { Layer } from './layer.ts';

const visit = 'server/src/serving/visit.ts';
const policy = 'server/src/policy/policy.ts';
const line = 'server/src/serving/line/line.ts';
const attach = 'test/serving/attach.test.ts';

export const connection: readonly Layer[] = [
  { name: 'requests in flight', file: 'server/src/wire/inbound.ts', from: 'inFlight.size >= MAX_IN_FLIGHT || inFlight.bytes + bytes > MAX_IN_FLIGHT_BYTES', to: 'inFlight.bytes + bytes > MAX_IN_FLIGHT_BYTES', test: 'test/wire/guard.test.ts' },
  { name: 'bytes in flight', file: 'server/src/wire/inbound.ts', from: 'inFlight.size >= MAX_IN_FLIGHT || inFlight.bytes + bytes > MAX_IN_FLIGHT_BYTES', to: 'inFlight.size >= MAX_IN_FLIGHT', test: 'test/wire/guard.test.ts' },
  { name: 'validation of params', file: 'server/src/wire/validate.ts', from: 'throw invalidParams(second.error.issues.flatMap((issue) => explain(issue, at)));', to: 'return value as z.output<S>;', test: 'test/wire/validation.test.ts' },
  { name: 'the step observe', file: visit, from: 'observe({ visit: id, client, events, clock, log: log.child(\'gate\', { visit: id }), find })', to: '(_call, next) => next()', test: 'test/serving/gate.test.ts' },
  { name: 'the step audit', file: visit, from: 'if (audit) steps.push(auditStep({ audit, visit: id, clock }));', to: 'void auditStep;', test: 'test/serving/gate/audit.test.ts' },
  { name: 'the step limitSizes', file: visit, from: 'limitSizes(live(() => policy.sizes)), ', to: '', test: 'test/serving/sizes.test.ts' },
  { name: 'the step admit', file: visit, from: ', admit({ rates: live(() => policy.rates), clock })', to: '', test: 'test/serving/gate/admit.test.ts' },
  { name: 'the step quota', file: visit, from: 'quota(allowances), ', to: '', test: 'test/serving/gate/quota.test.ts' },
  { name: 'the step learn', file: visit, from: ', learn({ runs, clock, find, programs })', to: '', test: 'test/serving/gate/learn.test.ts' },
  ...['code', 'path', 'source', 'destination', 'cwd', 'manifest', 'uri'].map((param): Layer => ({
    name: `the size of ${param}`, file: 'server/src/serving/gate/sizes.ts', from: `  ${param}: '${param === 'code' ? 'codeBytes' : 'pathBytes'}',\n`, to: '', test: 'test/serving/sizes.test.ts',
  })),
  { name: 'the size of a command line', file: 'server/src/runtime/agent/sandbox.ts', from: 'Buffer.byteLength(word) >= MAX_WORD_BYTES)', to: 'Buffer.byteLength(word) >= MAX_WORD_BYTES * 1000)', test: 'test/runtime/agent/sandbox.test.ts' },
  ...['SessionCreate', 'SessionAttach', 'ExecuteShell', 'RunCode', 'InstallPackages'].map((method): Layer => ({
    name: `the default rate of ${method}`, file: 'server/src/policy/rates.ts', from: `  [${method}.name]: {`, to: `  [\`\${${method}.name}-not\`]: {`, test: 'test/policy/policy.test.ts',
  })),
  ...['commands', 'cpuSeconds', 'gibSeconds', 'outputBytes'].map((name): Layer => ({
    name: `the quota of ${name}`, file: 'server/src/usage/allowances.ts', from: "this.#require(['commands', 'cpuSeconds', 'gibSeconds', 'outputBytes'], sessionId);", to: `this.#require((['commands', 'cpuSeconds', 'gibSeconds', 'outputBytes'] as const).filter((each) => each !== '${name}'), sessionId);`, test: 'test/serving/gate/quota.test.ts',
  })),
  { name: 'the quota of output, byte by byte', file: 'server/src/serving/handlers/executions.ts', from: "takeOutput: (bytes) => allowances.flow('outputBytes', id, bytes),", to: 'takeOutput: (bytes) => bytes,', test: 'test/serving/gate/quota.test.ts' },
  { name: 'the quota of processor time, while a command runs', file: 'server/src/serving/handlers/executions.ts', from: "restOfCpu: () => allowances.rest('cpuSeconds', id) * 1000,", to: 'restOfCpu: () => Infinity,', test: 'test/serving/gate/quota.test.ts' },
  { name: 'the quota of processor time, while packages are installed', file: 'server/src/packages/install-packages.ts', from: '{ sandbox, start: (sink, halt)', to: '{ start: (sink, halt)', test: 'test/serving/packages.test.ts' },
  { name: 'the quota of processor time, of processes that nobody waits for', file: 'server/src/command/cpu-meter.ts', from: 'this.#missed(missed);', to: 'void this.#missed;', test: 'test/command/cpu-meter.test.ts' },
  { name: 'the quota of sessions', file: visit, from: ', places, enter, turns', to: ', places, turns', test: 'test/serving/usage.test.ts' },
  { name: 'the quota of sessions, of those in other daemons', file: 'server/src/usage/open-sessions.ts', from: "if (lock === 'held') return found?.size ?? 0;", to: "if (lock === 'held') return 0;", test: 'test/usage/open-sessions.test.ts' },
  { name: 'the quota of network bytes', file: 'server/src/serving/network.ts', from: "move: (bytes) => allowances.flow('networkBytes', sessionId, bytes),", to: 'move: (bytes) => bytes,', test: 'test/serving/network.test.ts' },
  { name: 'the quotas of a new session', file: 'server/src/serving/gate/quota.ts', from: "else if (effect === 'makes' && subject === 'daemon') allowances", to: "else if (effect === 'makes' && subject === 'session') allowances", test: 'test/serving/gate/quota.test.ts' },
  { name: 'quotas that outlive the daemon', file: 'server/src/usage/ledger.ts', from: 'return journal ? sum(own, journal.others(name)) : own;', to: 'return own;', test: 'test/serving/usage.test.ts' },
  { name: 'the number of sessions', file: visit, from: 'new Places(policy.sessions.max, house.places)', to: 'new Places(Infinity, house.places)', test: 'test/serving/sessions.test.ts' },
  { name: 'the number of sessions of all connections', file: visit, from: 'new Places(policy.sessions.max, house.places)', to: 'new Places(policy.sessions.max)', test: 'test/serving/house.test.ts' },
  { name: 'the token of a session that waits', file: line, from: "return timingSafeEqual(digest(token), digest(this.#token ?? '')) && this.#token !== undefined;", to: 'return digest(token).length > 0 && this.#token !== undefined;', test: attach, title: 'wrong token' },
  { name: 'a session without a token', file: line, from: " && this.#token !== undefined;", to: ';', test: attach, title: 'wrong token' },
  { name: 'the end of the grace time', file: line, from: "session.close('detached').catch(", to: 'Promise.resolve().catch(', test: attach, title: 'ends it, with everything in it' },
  { name: 'the longest grace time', file: 'server/src/serving/handlers/create-session.ts', from: 'return Math.min(resume.graceMs ?? graceMs, maxGraceMs);', to: 'return resume.graceMs ?? graceMs;', test: attach, title: 'a maximum in the configuration' },
  { name: 'an older connection has the session no longer', file: line, from: "    before.release(this, 'moved');\n", to: '', test: attach, title: 'takes a session over' },
  { name: 'the results that are kept', file: line, from: 'if (ended.length - index <= MAX_ENDED && bytes <= MAX_ENDED_BYTES) return;', to: 'if (ended.length - index <= MAX_ENDED * 1000 && bytes <= MAX_ENDED_BYTES) return;', test: attach, title: 'keeps the last 64 commands' },
  { name: 'the output that is kept', file: line, from: 'if (ended.length - index <= MAX_ENDED && bytes <= MAX_ENDED_BYTES) return;', to: 'if (ended.length - index <= MAX_ENDED && bytes <= MAX_ENDED_BYTES * 1000) return;', test: attach, title: 'more than 4 MiB' },
  { name: 'scan advice', file: 'server/src/serving/scanning.ts', from: 'void advise(parts, session, scanned);', to: '', test: 'test/serving/scanning.test.ts' },
  { name: 'scan block', file: 'server/src/serving/scanning.ts', from: "if (policy.mode === 'block') return", to: "if (policy.mode === 'block' && !policy) return", test: 'test/serving/scanning.test.ts' },
  { name: 'scan block of a command line', file: 'server/src/command/execute.ts', from: 'if (text) await scanned(context, session, text, running);', to: '', test: 'test/serving/scanning.test.ts' },
  { name: 'scan block of runCode', file: 'server/src/command/run-code.ts', from: 'if (context.scan) await scanned(context, session, textIn(source, language), running);', to: 'void textIn; void scanned;', test: 'test/serving/scanning.test.ts' },
  { name: 'scan block of what could not be scanned', file: 'server/src/serving/scanning.ts', from: "throw refused('unscanned', `the code was not run, because it has to be scanned before: ${fault.message}`, []);", to: 'return [];', test: 'test/serving/scanning.test.ts' },
  { name: 'a client can not turn scanning off', file: 'server/src/policy/scan.ts', from: "const mode = stricter(policy.mode, scan.mode ?? 'off');", to: 'const mode = scan.mode ?? policy.mode;', test: 'test/policy/policy.test.ts' },
  { name: 'credentials in code', file: 'server/src/scan/search.ts', from: ', ...(await credentials(text))]', to: ']', test: 'test/e2e/scan.test.ts', built: true },
  { name: 'comments turn no scan off', file: 'server/src/scan/credentials.ts', from: 'rules.filter(({ meta }) => meta.id !== COMMENTS)', to: 'rules.filter(({ meta }) => meta.id !== `${COMMENTS}-`)', test: 'test/scan/rules.test.ts' },
  { name: 'allowedImages', file: policy, from: 'if (policy.allowedImages.has(image)) return;', to: 'if (image) return;', test: 'test/serving/sessions.test.ts' },
  { name: 'allowedImages of a project', file: policy, from: 'for (const image of Object.values(config.images ?? {})) checkImage(policy, image);', to: '', test: 'test/policy/policy.test.ts' },
  { name: 'limits above the maximum', file: policy, from: 'value > most) {', to: 'value > most && !name) {', test: 'test/policy/policy.test.ts' },
  ...['docker', 'log', 'stateDir', 'drain', 'packages', 'prices', 'audit', 'history', 'secrets', 'telemetry', 'network.certificates', 'sizes.messageBytes'].map((key): Layer => ({
    name: `${key} is the configuration file's alone`, file: policy, from: 'find((each) => set[each] !== undefined)', to: `find((each) => set[each] !== undefined && each !== '${key}')`, test: 'test/policy/policy.test.ts',
  })),
  { name: 'a token for a daemon elsewhere, where nobody on the way reads it', file: 'server/src/bridge/address.ts', from: "return address.kind !== 'tcp' || address.tls ||", to: "return address.kind !== 'unix' || address.kind === 'unix' ||", test: 'test/bridge/address.test.ts' },
  { name: 'the certificate of a daemon elsewhere', file: 'server/src/bridge/dial.ts', from: 'rejectUnauthorized: true', to: 'rejectUnauthorized: false', test: 'test/bridge/dial.test.ts' },
  { name: 'folders for a daemon elsewhere only by the rules', file: 'server/src/bridge/elsewhere.ts', from: '    await folders.check(workspace, this.#opened ?? { folders: [], trusted: false });\n', to: '', test: 'test/bridge/elsewhere.test.ts' },
  { name: 'a daemon elsewhere is not told of folders', file: 'server/src/bridge/elsewhere.ts', from: 'JSON.stringify({ ...message, params })', to: 'JSON.stringify(message)', test: 'test/bridge/elsewhere.test.ts' },
  { name: 'a folder only in a trusted workspace', file: 'server/src/policy/workspace.ts', from: 'if (!trusted) throw', to: 'if (!trusted && !uri) throw', test: 'test/policy/workspace.test.ts' },
  { name: "a project's file only in a trusted workspace", file: 'server/src/serving/open.ts', from: 'const folders = trusted ? (workspaceFolders ?? []).map(({ uri }) => uri) : [];', to: 'const folders = (trusted || !trusted) ? (workspaceFolders ?? []).map(({ uri }) => uri) : [];', test: 'test/serving/open.test.ts' },
  { name: "no session while a project's file can't be followed", file: 'server/src/serving/handlers/create-session.ts', from: '    checkSessions(policy);\n', to: '    void checkSessions;\n', test: 'test/serving/open.test.ts' },
  { name: 'only folders that are open in the client', file: 'server/src/policy/workspace.ts', from: "if (!roots.some((root) => root !== undefined && isBelow(path, root))) {", to: 'if (roots.length < 0) {', test: 'test/policy/workspace.test.ts' },
  { name: 'a folder by its real path', file: 'server/src/policy/workspace.ts', from: 'const real = await realpath(path);\n    if', to: 'const real = path;\n    if', test: 'test/policy/workspace.test.ts' },
  { name: 'hidden folders', file: 'server/src/policy/workspace.ts', from: "if (isBelow(path, real)) throw", to: 'if (isBelow(path, real) && !real) throw', test: 'test/policy/workspace.test.ts' },
  { name: 'folders around hidden ones', file: 'server/src/policy/workspace.ts', from: "if (isBelow(real, path)) throw", to: 'if (isBelow(real, path) && !real) throw', test: 'test/policy/workspace.test.ts' },
  ...['/proc', '/sys', '/dev', '/run', '/var/run', '/etc', '/boot', '/var/lib/docker', '/var/lib/containerd', '/var/lib/containers', '/var/lib/kubelet'].map((place): Layer => ({
    name: `${place} is hidden`, file: 'server/src/policy/hidden.ts', from: ` '${place}',`, to: '', test: 'test/policy/workspace.test.ts',
  })),
  ...['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker', '.config/gcloud'].map((place): Layer => ({
    name: `~/${place} is hidden`, file: 'server/src/policy/hidden.ts', from: `'${place}'`, to: "'none'", test: 'test/policy/workspace.test.ts',
  })),
];
