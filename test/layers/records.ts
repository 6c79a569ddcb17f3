/** The layers of the audit log: what is recorded, that it can't be changed, and what happens where it can't be written. */
import type { Layer } from './layer.ts';

const gate = 'test/serving/gate/audit.test.ts';
const log = 'test/audit/log.test.ts';
const verify = 'test/audit/verify.test.ts';
const calls = 'server/src/audit/calls.ts';
const happenings = 'server/src/audit/happenings.ts';
const step = 'server/src/serving/gate/audit.ts';
const segment = 'server/src/audit/check-segment.ts';

export const records: readonly Layer[] = [
  { name: 'records of a client that comes and leaves', file: 'server/src/serving/visit.ts', from: 'audit && recordVisit(audit, id, initialize, client)', to: 'undefined; void recordVisit; void initialize', test: gate },
  { name: 'records of sessions that are made', file: happenings, from: "if (event.kind === 'sessionMade') log.record(", to: "if (event.kind === 'sessionMade') void (", test: gate },
  { name: 'records of sessions that are closed', file: happenings, from: "log.record({ kind: 'session', event: 'closed',", to: "void ({ kind: 'session', event: 'closed',", test: gate },
  { name: 'records of packages', file: happenings, from: "recordPackages(log, event);", to: 'void recordPackages;', test: gate },
  { name: 'records of the network', file: happenings, from: 'places.record(event);', to: 'void 0;', test: gate },
  { name: 'records of commands', file: calls, from: "return kind === 'request' && effect", to: "return kind === 'request' && effect !== 'runs' && effect", test: gate },
  { name: 'records of files that are written', file: calls, from: "return kind === 'request' && effect", to: "return kind === 'request' && effect !== 'writes' && effect", test: gate },
  ...['command/executeShell', 'command/runCode', 'command/writeFile', 'command/createDirectory', 'command/copyFile', 'command/deleteFile', 'command/installPackages', 'command/signal', 'ports/forward', 'ports/close'].map((method): Layer => ({
    name: `what is recorded of the params of ${method}`, file: calls, from: 'const tell = ofParams[name as Recorded[\'name\']]', to: `const tell = ofParams[name === '${method}' ? 'session/list' as Recorded['name'] : name as Recorded['name']]`, test: gate,
  })),
  ...['session/create', 'command/executeShell', 'command/runCode', 'command/installPackages', 'ports/forward'].map((method): Layer => ({
    name: `what is recorded of the result of ${method}`, file: calls, from: 'const tell = ofResults[name as Recorded[\'name\']]', to: `const tell = ofResults[name === '${method}' ? 'session/list' as Recorded['name'] : name as Recorded['name']]`, test: gate,
  })),
  { name: 'records of denials of calls that are recorded', file: step, from: 'if (denial) denials.record(method, params, denial, began.replace(undefined) ? undefined : id);', to: 'if (denial) began.replace(undefined);', test: gate },
  { name: 'records of denials of calls that are not', file: step, from: 'if (denial) denials.record(method, params, denial, undefined);', to: '', test: gate },
  { name: 'records of a client that is refused', file: 'server/src/serving/open.ts', from: 'await parts.refused?.(params, fault);', to: '', test: gate },
  { name: 'records of a client that is refused, by a real daemon', file: 'server/src/cli/daemon.ts', from: 'if (log) recordRefused(log, params, fault);', to: 'void [recordRefused, log, params, fault];', test: 'test/e2e/audit.test.ts', title: 'has a record of a command', built: true },
  { name: 'records of calls that fail', file: step, from: 'else ended(() => ({ error: errorOf(call, fault) }));', to: 'else errorOf(call, fault);', test: gate },
  { name: 'records that a long command began', file: step, from: "log.record({ kind, event: 'began', fields: () => ({ ...common, ...fieldsOfParams(method, params) }) })", to: '({ replace: () => true })', test: gate },
  { name: 'nothing begins that can not be recorded', file: step, from: 'if (log.refuses && mayBeRefused(method)) requireWritten(log);', to: 'void requireWritten; void mayBeRefused;', test: gate },
  { name: 'digests, not contents', file: calls, from: 'return { bytes: Buffer.byteLength(text), sha256: hash(\'sha256\', text) };', to: 'return { bytes: Buffer.byteLength(text), sha256: String(text) || hash(\'sha256\', text) };', test: gate },
  { name: 'the hash chain', file: 'server/src/audit/chain.ts', from: "return createHash('sha256').update(before).update(line.subarray(COVERED_FROM)).digest('hex') === own;", to: 'return before + line.length + own !== createHash.name;', test: verify },
  { name: 'the hash of the record before', file: 'server/src/audit/chain.ts', from: "createHash('sha256').update(before)", to: "createHash('sha256').update(before.slice(64))", test: verify },
  { name: 'the numbers of records', file: segment, from: 'if (line.seq !== records) return', to: 'if (line.seq !== records && !hash) return', test: verify },
  { name: 'the anchored head: records that are missing', file: segment, from: 'if (most) return failed', to: 'if (most && !most) return failed', test: verify },
  { name: 'the anchored head: records that are others', file: segment, from: 'for (const each of wanted.get(records) ?? []) if (each.hash !== hash) return', to: 'for (const each of wanted.get(records) ?? []) if (each.hash !== hash && !hash) return', test: verify },
  { name: 'the anchored head: segments that were put there', file: segment, from: "if (anchored === undefined) return", to: 'if (anchored === undefined && !file) return', test: verify },
  { name: 'the anchored head: segments that are missing', file: 'server/src/audit/verify.ts', from: 'faults.push(...missing({', to: 'void (missing({', test: verify },
  { name: 'the heads themselves', file: 'server/src/audit/heads.ts', from: 'const { written, fault } = file.append(Buffer.from(this.#torn.has(path) ? `\\n${line}` : line));', to: 'const { written, fault } = file.append(Buffer.from(line && this.#torn.has(path) ? \'\' : \'\'));', test: verify },
  { name: 'heads that were changed', file: 'server/src/audit/expected.ts', from: "faults.push({ file, line, message: 'this is not the head of a segment: the line was changed' });", to: 'void faults;', test: verify },
  { name: 'a segment names those of others', file: 'server/src/audit/log.ts', from: 'others: this.#parts.others(next.head.segment).map((head) => ({ ...head })) })]);', to: '})]);', test: verify },
  { name: 'nothing behind the last record', file: segment, from: "if (isOver) return failed", to: 'if (isOver && !hash) return failed', test: verify },
  { name: 'what is no part of the log', file: 'server/src/audit/verify.ts', from: "...others.map((path) => ({ file: join(places.records, path), message: 'this is no part of the log: somebody put it here' }))", to: '...others.filter(() => join(\'\') === \'\').map((path) => ({ file: path, message: path }))', test: verify },
  { name: 'the record of retention', file: 'server/src/audit/retention.ts', from: 'if (!tell({ ...removal, segments: heads })) return;', to: 'void heads;', test: log },
  { name: 'retention by age', file: 'server/src/audit/retention.ts', from: "await removeAll(old, { because: 'age', before: oldest }, places, tell);", to: 'void old;', test: log },
  { name: 'retention by size', file: 'server/src/audit/retention.ts', from: 'await removeAll(tooMuch,', to: 'await removeAll([],', test: log },
  { name: 'no segment that may be written is removed', file: 'server/src/audit/retention.ts', from: 'if (bytes <= maxBytes || mayBeWritten(name, kept, now)) return;', to: 'if (bytes <= maxBytes || mayBeWritten(name, [], NaN)) return;', test: log },
  { name: 'the mode of the files', file: 'server/src/audit/disk.ts', from: 'const FILE_MODE = 0o600;', to: 'const FILE_MODE = 0o644;', test: log },
  { name: 'the mode of the folders', file: 'server/src/audit/disk.ts', from: 'const FOLDER_MODE = 0o700;', to: 'const FOLDER_MODE = 0o755;', test: log },
  { name: 'no folder in which others may write', file: 'server/src/audit/disk.ts', from: 'const OTHERS_MAY_WRITE = 0o022;', to: 'const OTHERS_MAY_WRITE = 0;', test: log },
  { name: 'the length of a record', file: 'server/src/audit/entry.ts', from: 'if (text.length <= MAX_ENTRY_BYTES / 6', to: 'if (text.length > 0 || text.length <= MAX_ENTRY_BYTES / 6', test: log },
  { name: 'the length of a text', file: 'server/src/audit/entry.ts', from: 'return value.length > MAX_TEXT_LENGTH ?', to: 'return value.length > MAX_TEXT_LENGTH * 1000 ?', test: log },
  { name: 'entries that were lost are told', file: 'server/src/audit/log.ts', from: "if (this.#lost > 0) this.#put", to: 'if (this.#lost < 0) this.#put', test: log },
  { name: 'half a line is cut off', file: 'server/src/audit/segment.ts', from: 'if (written > whole) this.#cut();', to: '', test: log },
];
