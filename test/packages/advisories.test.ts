/** Known weaknesses of what was installed, as a service of the format OSV tells of them. */
import { expect } from 'chai';
import { createAdvisor } from '../../server/src/packages/advisories/advisor.ts';
import { baseScore, severityOf } from '../../server/src/packages/advisories/cvss.ts';
import { defaultBounds } from '../../server/src/packages/registries/bounds.ts';
import { FakeClock } from '../fakes/clock.ts';
import { dialling, silent } from './indexes/install.ts';
import { type Answerer, serve } from './indexes/serve.ts';

const entries: Readonly<Record<string, object>> = {
  'GHSA-1': {
    id: 'GHSA-1', aliases: ['CVE-1', 'PYSEC-1'], summary: 'It is\nweak', database_specific: { severity: 'HIGH' }, references: [{ type: 'FIX', url: 'http://no.example' }, { type: 'ADVISORY', url: 'https://advisories.example/1' }],
    affected: [{ package: { ecosystem: 'PyPI', name: 'My_Thing' }, ranges: [{ type: 'GIT', events: [{ fixed: 'abcdef' }] }, { type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.9.0' }, { introduced: '2.0' }, { fixed: '2.10' }] }] }],
  },
  'PYSEC-1': { id: 'PYSEC-1', aliases: ['CVE-1'], details: 'The same.\nMore.', affected: [{ package: { ecosystem: 'PyPI', name: 'my-thing' } }] },
  'OSV-2': { id: 'OSV-2', details: 'Another.\nMore.', severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }], affected: [] },
  'OSV-3': { id: 'OSV-3', withdrawn: '2026-01-01T00:00:00Z' },
};

describe('known weaknesses', () => {
  async function advised(answers: Answerer | undefined, installed = [{ name: 'my-thing', version: '2.1' }, { name: 'other', version: '1' }, { name: 'fine', version: '3' }]) {
    const asked: string[] = [];
    const service = await serve(new Map(), {
      before: (request, response) => {
        if (answers?.(request, response)) return true;
        const id = /^\/osv\/v1\/vulns\/(.+)$/.exec(request.url ?? '')?.[1];
        if (id !== undefined) return Boolean(response.writeHead(200).end(JSON.stringify(entries[id])));
        request.setEncoding('utf8').on('data', (text: string) => asked.push(text));
        request.on('end', () => response.writeHead(200).end(JSON.stringify({ results: [{ vulns: [{ id: 'PYSEC-1' }, { id: 'GHSA-1' }] }, { vulns: [{ id: 'OSV-2' }, { id: 'OSV-3' }, { id: '../evil' }] }, {}] })));
        return request.url === '/osv/v1/querybatch';
      },
    });
    try {
      const advise = createAdvisor({ url: 'http://osv.example/osv', dialler: () => dialling({ 'osv.example:80': service.port }), certificates: async () => [], bounds: { ...defaultBounds, pageBytes: 100_000 }, clock: new FakeClock(), log: silent });
      return { advisories: await advise('pip', installed, new AbortController().signal), asked: asked.join(''), urls: service.asked.map(({ url }) => url) };
    } finally {
      await service.close();
    }
  }

  it('are told once, with how bad they are and which version has them no more', async () => {
    const { advisories, asked, urls } = await advised(undefined);
    expect(JSON.parse(asked)).to.deep.equal({ queries: [['my-thing', '2.1'], ['other', '1'], ['fine', '3']].map(([name, version]) => ({ package: { ecosystem: 'PyPI', name }, version })) });
    expect(advisories).to.deep.equal([
      { id: 'GHSA-1', package: 'my-thing', version: '2.1', severity: 'high', summary: 'It is weak', url: 'https://advisories.example/1', fixedIn: '2.10' },
      { id: 'OSV-2', package: 'other', version: '1', severity: 'critical', summary: 'Another.' },
    ]);
    expect(urls.filter((url) => url.includes('evil'))).to.deep.equal([]);
  });

  it('are not known where the service fails, lies or sends too much', async () => {
    const failures: Record<string, Answerer> = {
      status: (_, response) => Boolean(response.writeHead(500).end()), garbage: (_, response) => Boolean(response.writeHead(200).end('{')), 'another length': (_, response) => Boolean(response.writeHead(200).end('{"results":[]}')),
      'too much': (_, response) => Boolean(response.writeHead(200).end(`{"results":[${' '.repeat(200_000)}]}`)), cut: ({ socket }) => Boolean(socket.destroy()),
      'a redirect': (_, response) => Boolean(response.writeHead(302, { location: 'http://10.0.0.1/' }).end()),
    };
    for (const [name, answers] of Object.entries(failures)) expect((await advised(answers)).advisories, name).to.equal(undefined);
  });

  it('are asked for until the installation is cancelled', async () => {
    const stop = new AbortController();
    const advise = createAdvisor({ url: 'http://osv.example/', dialler: () => () => new Promise(() => stop.abort(new Error('cancelled'))), certificates: async () => [], bounds: defaultBounds, clock: new FakeClock(), log: silent });
    expect(await advise('gem', [{ name: 'a', version: '1' }], stop.signal).then(() => undefined, (fault: Error) => fault.message)).to.equal('cancelled');
  });

  it('have the score that CVSS gives them', () => {
    const scores: Record<string, number | undefined> = {
      'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H': 9.8, 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N': 6.1, 'CVSS:3.0/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:N': 0,
      'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H': 10, 'CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H': 6.5, 'CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H': 7.8,
      'CVSS:4.0/AV:N': undefined, 'CVSS:3.1/AV:N': undefined, 'CVSS:3.1/AV:constructor/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H': undefined, '': undefined,
    };
    for (const [vector, score] of Object.entries(scores)) expect(baseScore(vector), vector).to.equal(score);
    expect([0, 3.9, 4, 6.9, 7, 8.9, 9].map(severityOf)).to.deep.equal(['low', 'low', 'moderate', 'moderate', 'high', 'high', 'critical']);
  });
});
