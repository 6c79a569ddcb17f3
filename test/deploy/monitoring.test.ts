/** The dashboard and the alerts name metrics that exist, and a real Prometheus evaluates them on a real daemon. */
import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { createInstruments } from '../../server/src/metrics/instruments.ts';
import { daemonEnvironment, until } from '../e2e/environment.ts';
import { RawClient } from '../e2e/raw-client.ts';
import { bundles, need, program } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { alertQueries, alertsFile, dashboard, metricsIn, panelQueries } from './queries.ts';

interface Known {
  readonly labels: readonly string[];
  readonly histogram: boolean;
}

/** Every metric of a daemon, by its name. */
function known(): Map<string, Known> {
  const registry = new Registry();
  const instruments = Object.values(createInstruments(registry)) as unknown as { name: string; labelNames: string[]; type: string }[];
  return new Map(instruments.map(({ name, labelNames, type }) => [name, { labels: labelNames, histogram: type === 'histogram' }]));
}

/** What Prometheus and a histogram add. */
const added = ['instance', 'job', 'le'];

describe('the dashboard and the alerts', () => {
  const queries = [...panelQueries(), ...alertQueries()];
  const metrics = known();
  const find = (name: string) => metrics.get(name) ?? [metrics.get(name.replace(/_(?:bucket|sum|count)$/, ''))].find((each) => each?.histogram);

  it('name metrics and labels that a daemon has', () => {
    expect(alertQueries()).to.have.length.greaterThan(5);
    for (const { title, expr } of queries) {
      expect(metricsIn(expr), title).not.to.deep.equal([]);
      for (const { name, labels } of metricsIn(expr)) {
        expect(find(name), `${title}: ${name}`).not.to.equal(undefined);
        expect(labels.filter((label) => !added.includes(label) && !find(name)?.labels.includes(label)), `${title}: ${name}`).to.deep.equal([]);
      }
    }
  });

  it('show every metric in some place', () => {
    const shown = queries.flatMap(({ expr }) => metricsIn(expr)).map(({ name }) => name.replace(/_bucket$/, ''));
    expect([...metrics.keys()].filter((name) => !shown.includes(name))).to.deep.equal([]);
  });

  it('explain every metric in docs/operations.md', () => {
    const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    expect([...metrics.keys()].filter((name) => !page.includes(`\`${name}\``))).to.deep.equal([]);
    expect(alertQueries().filter(({ title }) => !page.includes(title))).to.deep.equal([]);
  });

  it('have panels that do not lie over each other', () => {
    const { panels } = dashboard();
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`));
    expect(new Set(cells).size).to.equal(cells.length);
  });
});

describe('a Prometheus that watches a daemon', function () {
  before(need('the build', bundles));
  before(need('bubblewrap', bubblewrap));
  before(need('prometheus', program('prometheus')));

  let folder: string;
  let client: RawClient;
  let exporter: Server;
  let stop: () => Promise<unknown>;
  let base: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    client = new RawClient({ env: daemonEnvironment({ stateDir: join(folder, 'state'), network: { modes: ['allowlist'] } }) });
    await client.initialize();
    exporter = createServer((_request, response) => {
      void client.request('server/metrics', { format: 'prometheus' }).then(({ body }) => response.setHeader('content-type', 'text/plain; version=0.0.4').end(body));
    });
    await once(exporter.listen(0, '127.0.0.1'), 'listening');
    const config = join(folder, 'prometheus.yml');
    writeFileSync(config, JSON.stringify({
      global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
      rule_files: [alertsFile],
      scrape_configs: [{ job_name: 'codebeaker', static_configs: [{ targets: [`127.0.0.1:${(exporter.address() as AddressInfo).port}`] }] }],
    }));
    const port = await freePort();
    const prometheus = spawn('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'], { stdio: 'ignore' });
    const gone = once(prometheus, 'exit');
    stop = () => (prometheus.kill('SIGKILL'), gone);
    base = `http://127.0.0.1:${port}/api/v1`;
    await work();
    await until('Prometheus has seen the daemon four times', () => query('min(count_over_time(up{job="codebeaker"}[5m])) >= 4').then((found) => found.length > 0, () => false));
    await work();
    const calls = await query('count_over_time(up{job="codebeaker"}[5m])');
    await until('Prometheus has seen what happened then', async () => Number((await query('count_over_time(up{job="codebeaker"}[5m])'))[0]?.value[1]) >= Number(calls[0]?.value[1]) + 2);
  });
  after(async () => {
    await stop();
    exporter.close();
    exporter.closeAllConnections();
    await client.end();
    rmSync(folder, { recursive: true });
  });

  /** A session in which something succeeds, something fails, and something is refused. */
  async function work(): Promise<void> {
    const { sessionId } = await client.request('session/create', { runtime: 'native', network: { mode: 'allowlist', hosts: ['allowed.example'] } });
    await client.request('command/executeShell', { sessionId, command: 'echo hello; curl -s -o /dev/null http://refused.example/; exit 3' });
    await client.call('command/readFile', { sessionId, path: 'missing' });
    await client.request('session/close', { sessionId });
  }

  async function query(expr: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
    const response = await fetch(`${base}/query?query=${encodeURIComponent(expr)}`);
    const { status, error, data } = (await response.json()) as { status: string; error?: string; data: { result: { metric: Record<string, string>; value: [number, string] }[] } };
    expect(status, `${expr}: ${error}`).to.equal('success');
    return data.result;
  }

  /** Nothing of this happens in this test. */
  const empty = /package_installs|pool_sandboxes/;

  for (const { title, expr } of panelQueries()) {
    it(`evaluates a query of the panel ${title}: ${expr}`, async () => {
      const found = await query(expr);
      if (!empty.test(expr)) expect(found).not.to.deep.equal([]);
    });
  }

  it('evaluates every alert, and raises none for a daemon that is well', async () => {
    const response = await fetch(`${base}/rules`);
    const { data } = (await response.json()) as { data: { groups: { rules: { name: string; health: string; lastError?: string; state: string }[] }[] } };
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.map(({ name }) => name)).to.deep.equal(alertQueries().map(({ title }) => title));
    expect(rules.filter(({ health, lastError }) => health !== 'ok' || lastError !== undefined)).to.deep.equal([]);
    expect(rules.filter(({ name, state }) => state === 'firing' && name !== 'CodeBeakerLate')).to.deep.equal([]);
  });

  it('counts what this client saw', async () => {
    expect((await query('codebeaker_commands_total')).map(({ metric: { method, runtime, outcome }, value }) => [method, runtime, outcome, value[1]])).to.deep.equal([['command/executeShell', 'native', 'exited', '2']]);
    expect((await query('codebeaker_refusals_total')).map(({ metric: { method, error }, value }) => [method, error, value[1]])).to.deep.equal([['command/readFile', 'FileNotFound', '2']]);
    expect((await query('sum(codebeaker_command_output_bytes_total)'))[0]?.value[1]).to.equal('12');
    expect((await query('codebeaker_sessions_open'))[0]?.value[1]).to.equal('0');
  });

  it('raises each alert when it should', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', new URL('alerts.test.yml', import.meta.url).pathname], { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).to.equal(0);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
