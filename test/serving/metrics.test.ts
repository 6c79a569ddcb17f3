/** `server/metrics` adds up: what it says is what the clients saw, in both formats, and no label can grow without end. */
import { expect } from 'chai';
import { MetricsResult, type MetricFamily } from '../../server/src/protocol/index.ts';
import { parse } from 'zod/mini';
import { notification, request } from '../wire/wire.ts';
import { type TestDaemon, withDaemon } from './daemon.ts';

/** Asks, and counts the answers by themselves. */
class Counting {
  readonly daemon: TestDaemon;
  readonly seen = new Map<string, number>();
  readonly commands = new Map<string, number>();
  bytes = 0;

  constructor(daemon: TestDaemon) {
    this.daemon = daemon;
  }

  async ask(method: string, params: object = {}, served = method) {
    const answer = await this.daemon.ask(method, params);
    const { error, result } = answer;
    if (error) add(this.seen, `${served} ${error.data.kind}`);
    else if (result?.outcome) {
      add(this.commands, `${served} ${result.outcome}`);
      this.bytes += result.stdoutBytes + result.stderrBytes;
    }
    return answer;
  }

  get families(): Promise<MetricFamily[]> {
    return this.daemon.result('server/metrics').then((result) => parse(MetricsResult, result).body as MetricFamily[]);
  }
}

function add(to: Map<string, number>, key: string): void {
  to.set(key, (to.get(key) ?? 0) + 1);
}

/** The values of one metric, by those labels joined by blanks. */
function valuesOf(families: readonly MetricFamily[], name: string, ...labels: string[]): Record<string, number> {
  const { values } = families.find((family) => family.name === `codebeaker_${name}`) ?? { values: [] };
  return Object.fromEntries(values.filter((each) => !each.name.endsWith('_bucket')).map((each) => [labels.map((label) => each.labels[label]).join(' '), each.value]));
}

describe('the metrics of a daemon', () => {
  it('say of commands, refusals, sessions and bytes what the clients saw', () =>
    withDaemon({ config: { rates: { 'session/list': { perMinute: 1, burst: 1 } } } }, async (daemon) => {
      await daemon.initialize();
      const client = new Counting(daemon);
      const [first, second] = [await daemon.session(), await daemon.session()];
      for (let turn = 0; turn < 3; turn++) await client.ask('command/executeShell', { sessionId: first, command: 'echo hello' });
      await client.ask('command/executeShell', { sessionId: second, command: 'exit 3' });
      await client.ask('session/execute', { sessionId: second, command: { type: 'executeShell', command: 'echo 1' } }, 'command/executeShell');
      await client.ask('command/runCode', { sessionId: first, code: 'echo from code' });
      const killed = client.ask('command/executeShell', { sessionId: first, command: 'forever', commandId: 'c' });
      const queued = client.ask('command/executeShell', { sessionId: first, command: 'echo waits', timeoutMs: 500 });
      await daemon.ask('command/signal', { commandId: 'c', signal: 'SIGKILL' });
      await Promise.all([killed, queued]);
      await client.ask('command/executeShell', { sessionId: 'none', command: 'echo 1' });
      await client.ask('command/readFile', { sessionId: first, path: 'missing' });
      await client.ask('command/readFile', { sessionId: first });
      for (let turn = 0; turn < 3; turn++) await client.ask('session/list');
      await daemon.wire.ask('odd', 'no/such/method');
      daemon.wire.raw('Content-Length: 1\r\n\r\n{');
      await client.ask('session/close', { sessionId: second });
      const families = await client.families;
      expect(valuesOf(families, 'commands_total', 'method', 'outcome')).to.deep.equal(Object.fromEntries(client.commands));
      expect(valuesOf(families, 'refusals_total', 'method', 'error')).to.deep.equal({ ...Object.fromEntries(client.seen), 'unknown MethodNotFound': 1, 'unknown ParseError': 1 });
      expect(valuesOf(families, 'sessions_created_total', 'start')).to.deep.equal({ cold: 2 });
      expect(valuesOf(families, 'sessions_open', 'runtime')).to.deep.equal({ fake: 1 });
      expect(valuesOf(families, 'sessions_closed_total', 'reason')).to.deep.equal({ client: 1 });
      expect(valuesOf(families, 'command_output_bytes_total')).to.deep.equal({ '': client.bytes });
      expect(valuesOf(families, 'commands_running', 'runtime')).to.deep.equal({ fake: 0 });
      expect(valuesOf(families, 'connections_open')).to.deep.equal({ '': 1 });
    }));

  it('are a text that Prometheus reads, when asked', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      await daemon.session();
      const { format, body } = await daemon.result('server/metrics', { format: 'prometheus' });
      expect(format).to.equal('prometheus');
      expect(body).to.contain('# TYPE codebeaker_sessions_created_total counter\ncodebeaker_sessions_created_total{runtime="fake",start="cold"} 1\n');
      expect(body).to.contain('codebeaker_build_info{version="9.9.9",protocol="1.0"} 1\n').and.to.contain('codebeaker_process_cpu_seconds_total 2\n');
      expect((await daemon.fault('server/metrics', { format: 'xml' })).data.kind).to.equal('InvalidParams');
    }));

  it('have no label that a client or a program can fill', () =>
    withDaemon({ errors: [] }, async (daemon) => {
      await daemon.initialize();
      const seriesOf = async () => (await daemon.result('server/metrics')).body.flatMap(({ values }: MetricFamily) => values).length as number;
      const work = async (turn: number) => {
        const sessionId = await daemon.session({ label: `label ${turn}` });
        await daemon.ask('command/runCode', { sessionId, path: `no/such/file-${turn}` });
        await daemon.ask('command/executeShell', { sessionId, command: `echo ${turn}`, commandId: `command-${turn}` });
        await daemon.wire.ask(`u${turn}`, `unknown/method-${turn}`);
        await daemon.ask('session/create', { language: 'python', runtime: `runtime-${turn}` });
        await daemon.ask('command/readFile', { sessionId: `session-${turn}`, path: 'x' });
        daemon.wire.send(notification(`unknown/note-${turn}`, {}), request(`x${turn}`, 'server/health', {}));
        await daemon.result('session/close', { sessionId });
      };
      await work(0);
      await seriesOf();
      const before = await seriesOf();
      for (let turn = 1; turn < 30; turn++) await work(turn);
      expect(await seriesOf()).to.equal(before);
    }));

  it('count what happened before anybody asked, and after more has happened than is kept', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      for (let turn = 0; turn < 4_100; turn++) daemon.events.emit({ kind: 'turnedAway', method: 'unknown', error: 'ParseError' });
      const families = await new Counting(daemon).families;
      expect(valuesOf(families, 'refusals_total', 'method', 'error')).to.deep.equal({ 'unknown ParseError': 4_100 });
    }));
});
