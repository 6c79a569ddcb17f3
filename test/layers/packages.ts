/** The layers around packages: the sandbox of an installation, the mirrors, the credentials of registries, and the shelf. */
import type { Layer } from './layer.ts';

const upstream = 'server/src/packages/registries/upstream.ts';
const mirror = 'test/packages/registries/mirror.test.ts';
const shelf = 'server/src/packages/shelf/shelf.ts';
const tree = 'server/src/packages/shelf/tree.ts';
const shelfTest = 'test/packages/shelf/shelf.test.ts';
const serving = 'test/serving/packages.test.ts';

export const packages: readonly Layer[] = [
  { name: 'an installation has a sandbox of its own', file: 'server/src/packages/installation.ts', from: 'const sandbox = await plan.makeSandbox(staging, runner.signal);', to: 'const sandbox = await plan.makeSandbox(staging, runner.signal).then(() => plan.makeSandbox(staging, runner.signal));', test: serving },
  { name: 'nothing of the session is in the sandbox of an installation', file: 'server/src/session/manager.ts', from: 'workspace: undefined, packages }, context),', to: 'workspace: wish.workspace, packages }, context),', test: 'test/serving/sessions.test.ts' },
  { name: 'the sandbox of an installation is closed', file: 'server/src/packages/installation.ts', from: '    undo.add(() => sandbox.close());\n', to: '', test: serving },
  { name: 'the size of an installation', file: 'server/src/packages/installation.ts', from: 'maxBytes: plan.maxBytes, maxFiles', to: 'maxBytes: Infinity, maxFiles', test: serving },
  { name: 'weaknesses that are not allowed', file: 'server/src/packages/installation.ts', from: 'if (advisories) parts.judge?.(advisories);', to: '', test: serving },
  { name: 'credentials for their origin alone', file: 'server/src/packages/registries/credentials.ts', from: 'return this.#known.get(url.origin);', to: 'return [...this.#known.values()][0];', test: 'test/packages/registries/machine.test.ts' },
  { name: 'no credentials after a detour', file: upstream, from: 'left ||= url.origin !== first.origin;', to: 'left = url.origin !== first.origin;', test: mirror },
  { name: 'no credentials for another origin', file: upstream, from: 'const authorization = left ? undefined : this.facts.authorization(url);', to: 'const authorization = this.facts.authorization(left ? first : url);', test: mirror },
  { name: 'no client certificate for another origin', file: upstream, from: 'const identity = anonymous ? undefined : await this.facts.identity?.(url);', to: 'const identity = await this.facts.identity?.(anonymous ? new URL([...this.#agents.keys()][0]?.split(\' \')[0] ?? url) : url);', test: mirror },
  { name: 'certificates of registries', file: upstream, from: 'rejectUnauthorized: !this.facts.insecure(url.origin)', to: 'rejectUnauthorized: false', test: mirror },
  { name: 'no redirect away from encryption', file: upstream, from: "if (from.protocol === 'https:' && to.protocol === 'http:') throw", to: "if (from.protocol === 'https:' && to.protocol === 'ftp:') throw", test: mirror },
  { name: 'registries lead to public addresses only', file: 'server/src/packages/registries/dialler.ts', from: 'const permit = await egress.admit(target, signal);', to: 'await egress.admit({ ...target, address: undefined }, signal);\n      const permit = () => undefined;', test: 'test/packages/registries/registries.test.ts' },
  { name: 'the shelf can not be listed', file: shelf, from: 'const PASS_ONLY = 0o311;', to: 'const PASS_ONLY = 0o755;', test: shelfTest },
  { name: 'the digest of what is on the shelf: contents', file: tree, from: "return `${executable ? 'x' : 'f'} ${await contentOf(file)}`;", to: "return `${executable ? 'x' : 'f'} ${(await contentOf(file)).length}`;", test: shelfTest },
  { name: 'the digest of what is on the shelf: links', file: tree, from: "`l ${createHash('sha256').update(await readlink(path, { encoding: 'buffer' })).digest('hex')}`", to: "`l ${(await readlink(path)).slice(0, 0)}`", test: shelfTest },
  { name: 'the digest of what is on the shelf: names', file: tree, from: "hash.update(line).update(' ').update(name).update('\\0');", to: "hash.update(line).update(' ').update('\\0');", test: shelfTest },
  { name: 'the digest of what is on the shelf: what can be executed', file: tree, from: 'const executable = (stats.mode & 0o100) !== 0;', to: 'const executable = mend && (stats.mode & 0o100) !== 0;', test: shelfTest },
  { name: 'the digest check of the shelf', file: shelf, from: 'return found?.digest === digest;', to: 'return found !== undefined && digest !== \'\';', test: shelfTest },
  { name: 'permissions of hostile trees', file: tree, from: 'if (mend && (stats.mode & 0o7777) !== mode) await chmod(path, mode);', to: 'void mode;', test: shelfTest },
  { name: 'pipes and devices in hostile trees', file: tree, from: '    await unlink(path);\n', to: '    void unlink;\n', test: shelfTest },
  { name: 'the depth of hostile trees', file: tree, from: 'if (depth > MAX_DEPTH) throw', to: 'if (depth > MAX_DEPTH * 1000) throw', test: shelfTest },
  { name: 'what is in use stays on the shelf', file: shelf, from: 'if (await this.#isUsed(name)) return false;\n    await records.unpoint', to: 'await records.unpoint', test: shelfTest },
  { name: 'programs can not write on the shelf (containers)', file: 'server/src/runtime/kinds/docker/entrance.ts', from: 'const seen = [...packages.reads.map(([host, inside]) => bind(host, inside)),', to: 'const seen = [...packages.reads.map(([host, inside]) => ({ ...bind(host, inside), ReadOnly: false })),', test: 'test/runtime/kinds/docker/contract.test.ts', title: 'packages' },
  { name: 'programs can not write on the shelf (native)', file: 'server/src/runtime/kinds/native/sandboxes.ts', from: '[typescript, TYPESCRIPT], ...packages.reads],', to: '[typescript, TYPESCRIPT]],', test: 'test/runtime/kinds/native/contract.test.ts', title: 'packages' },
];
