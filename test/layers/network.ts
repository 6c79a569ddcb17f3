/** The layers between a session and the network: who is asked, what is resolved, and what is dialled. */
import type { Layer } from './layer.ts';

const kinds = 'server/src/network/kinds.ts';
const dial = 'server/src/network/dial.ts';
const egress = 'server/src/network/egress.ts';
const questions = 'server/src/network/questions.ts';
const proxy = 'server/src/network/proxy.ts';

/** Takes the block out of the special ones, so that its addresses count as public. */
const block = (text: string, before: string): Layer => ({ name: `the addresses ${text}`, file: kinds, from: `${before}'${text}'`, to: `${before}'${text.includes(':') ? '1::/128' : '9.9.9.9/32'}'`, test: 'test/network/kinds.test.ts' });

export const network: readonly Layer[] = [
  block('169.254.169.254/32', ''), block('169.254.170.2/32', ''), block('168.63.129.16/32', ''), block('100.100.100.200/32', ''), block('192.0.0.192/32', ''),
  block('0.0.0.0/8', ''), block('127.0.0.0/8', ''), block('10.0.0.0/8', ''), block('172.16.0.0/12', ''), block('192.168.0.0/16', ''),
  block('169.254.0.0/16', ''), block('100.64.0.0/10', ''), block('224.0.0.0/4', ''), block('192.0.0.0/24', ''), block('192.0.2.0/24', ''),
  block('192.88.99.0/24', ''), block('198.18.0.0/15', ''), block('198.51.100.0/24', ''), block('203.0.113.0/24', ''), block('240.0.0.0/4', ''),
  block('fd00:ec2::/32', ''), block('fd20:ce::254/128', ''), block('::1/128', ''), block('fc00::/7', ''), block('fec0::/10', ''), block('fe80::/10', ''),
  block('ff00::/8', ''), block('2001::/23', ''), block('2001:db8::/32', ''), block('2002::/16', ''), block('3fff::/20', ''),
  { name: 'addresses that carry one of IPv4', file: kinds, from: 'if (carrier) return', to: 'if (carrier && !carrier) return', test: 'test/network/kinds.test.ts' },
  { name: "the addresses of this machine's interfaces", file: kinds, from: "return kind === 'public' && own.some(", to: "return kind === 'public' && own.slice(0, 0).some(", test: 'test/network/kinds.test.ts' },
  { name: 'the check of the address that is dialled', file: dial, from: 'const good = addresses.filter((address) => permit(address) === undefined);', to: 'const good = addresses.filter(() => permit);', test: 'test/network/dial.test.ts' },
  { name: 'an address is judged where a program names it', file: egress, from: 'if (kind) throw notAllowed(target, notPublic(kind));', to: 'void kind;', test: 'test/network/dial.test.ts' },
  { name: 'a name is not resolved before it is allowed', file: proxy, from: 'const permit = await egress.admit(target, signal);', to: 'if (target.address === undefined) await this.#resolve(target.host).catch(() => []);\n      const permit = await egress.admit(target, signal);', test: 'test/network/proxy.test.ts' },
  { name: 'the hosts of a session', file: egress, from: "if (answer === 'deny') throw notAllowed", to: "if (answer === 'deny' && !answer) throw notAllowed", test: 'test/network/proxy.test.ts' },
  { name: 'the hosts of the configuration', file: egress, from: 'if (!ceilings.every((list) => anyCovers(list, target))) throw', to: 'if (ceilings.length < 0) throw', test: 'test/network/questions.test.ts' },
  { name: 'the hosts of the configuration, for a session', file: 'server/src/policy/network.ts', from: 'for (const rule of rules) checkHost(policy, rule);', to: 'void checkHost;', test: 'test/serving/network.test.ts' },
  { name: 'the modes of the configuration', file: 'server/src/policy/network.ts', from: '  checkNetwork(policy, mode);\n', to: '', test: 'test/policy/policy.test.ts' },
  { name: 'an empty list is nothing', file: 'server/src/policy/network.ts', from: "if (mode === 'allowlist' && rules.length === 0 && !asks) return { mode: 'none' };", to: "if (mode === 'allowlist' && rules.length === 0 && !asks) return { mode: 'full' };", test: 'test/policy/policy.test.ts' },
  { name: 'no listener at mode none', file: 'server/src/serving/network.ts', from: "if (mode === 'none') return undefined;", to: "if (mode === 'none') mode = 'allowlist';", test: 'test/serving/network.test.ts' },
  { name: 'once is once', file: egress, from: "if (answer === 'session' && !anyCovers(this.#granted, target)) this.#granted.push(ruleOf(target));", to: "if (answer !== 'policy' && !anyCovers(this.#granted, target)) this.#granted.push(ruleOf(target));", test: 'test/network/questions.test.ts' },
  { name: 'session is for the session', file: egress, from: "if (answer === 'session' && !anyCovers(this.#granted, target)) this.#granted.push(ruleOf(target));", to: 'void ruleOf;', test: 'test/network/questions.test.ts' },
  { name: 'what a person allows is that place alone', file: egress, from: "{ kind: 'name', name: host, port }", to: "{ kind: 'names', below: host.slice(host.indexOf('.') + 1), port }", test: 'test/network/questions.test.ts' },
  { name: 'a no holds for the session', file: questions, from: "if (answer === 'deny') this.#refused.set(key, Infinity);", to: '', test: 'test/network/questions.test.ts' },
  { name: 'no answer is a no', file: questions, from: "      return 'deny';\n", to: "      return 'once';\n", test: 'test/network/questions.test.ts' },
  { name: 'few questions at once', file: questions, from: 'this.#open.size >= MAX_OPEN ||', to: '', test: 'test/network/questions.test.ts' },
  { name: 'a bounded number of questions', file: questions, from: 'this.#asked >= MAX_QUESTIONS ||', to: '', test: 'test/network/questions.test.ts' },
  { name: 'the number of connections', file: proxy, from: 'this.#open.size >= this.#parts.bounds.connections', to: 'this.#open.size < 0', test: 'test/network/proxy.test.ts' },
  { name: 'the number of bytes', file: proxy, from: 'meter.move(Math.min(count, Math.max(0, this.#parts.bounds.bytes - this.#bytes)))', to: 'meter.move(count)', test: 'test/network/proxy.test.ts' },
  { name: 'connections on which nothing moves', file: proxy, from: 'if (clock.monotonic() - lastMoved >= this.#parts.bounds.idleTimeoutMs) cut();', to: 'if (lastMoved < 0) cut();', test: 'test/network/proxy.test.ts' },
  { name: 'the time to say what is wanted', file: proxy, from: 'let cancelAsk = clock.after(ASK_MS, cut);', to: 'let cancelAsk = () => undefined as void;', test: 'test/network/proxy.test.ts' },
  { name: 'connections end with their session', file: proxy, from: 'for (const { cut } of this.#open) cut();', to: '', test: 'test/network/proxy.test.ts' },
  { name: 'each request of a kept connection is checked', file: 'server/src/network/http.ts', from: "const { connection, proxied } = await line.reach(target, 'http');", to: "const { connection, proxied } = await ((line as { kept?: ReturnType<Line['reach']> }).kept ??= line.reach(target, 'http'));", test: 'test/network/http.test.ts' },
  { name: 'Host says where a request goes', file: 'server/src/network/exchange.ts', from: "return ['Host', host, ...rest", to: "return ['Host', headers.host ?? host, ...rest", test: 'test/network/http.test.ts' },
  { name: "this machine's proxy gets no name that is private", file: dial, from: '    await checkAsFarAsKnown(wanted);\n', to: '    void checkAsFarAsKnown;\n', test: 'test/network/upstream.test.ts' },
];
