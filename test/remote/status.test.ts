/** `POST /v1/run` answers each error of the protocol with the HTTP status that the one table says. */
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ErrorKind, errorCodes, Initialize, ProtocolError, RunCode, SessionCreate, WriteFile } from '../../server/src/protocol/index.ts';
import { BadRequest } from '../../server/src/remote/body.ts';
import { run } from '../../server/src/remote/run.ts';
import { statuses } from '../../server/src/remote/status.ts';
import type { Connect } from '../../server/src/remote/visitor.ts';
import { FakeClock } from '../fakes/clock.ts';

/** What each status says to programs that know HTTP and not the protocol. */
const expected: Record<number, readonly ErrorKind[]> = {
  400: ['ParseError', 'InvalidRequest', 'MethodNotFound', 'InvalidParams', 'LanguageUnsupported', 'InvalidPath', 'FileNotFound', 'FileExists', 'WrongFileType'],
  403: ['PolicyDenied', 'NotTrusted'],
  413: ['FileTooLarge'],
  429: ['TooManySessions', 'RateLimited', 'QuotaExceeded'],
  500: ['InternalError', 'ServerNotInitialized', 'SessionNotFound', 'CommandNotFound', 'SandboxFailed', 'SandboxLost', 'PackageInstallFailed', 'DaemonUnreachable', 'DebugUnavailable'],
  503: ['RequestCancelled', 'SessionClosed', 'ShuttingDown', 'RuntimeUnavailable', 'IsolationUnavailable'],
  507: ['DiskFull'],
};

interface Sent {
  readonly id?: number;
  readonly method: string;
}

/** A daemon that answers `at` with `error`, and every other request with what is needed to go on. */
const refusing = (at: string, error: object): Connect => (transport) => {
  transport.receive({
    message: (body) => {
      const { id, method } = JSON.parse(body.toString()) as Sent;
      if (id !== undefined) void transport.send({ jsonrpc: '2.0', id, ...(method === at ? { error } : { result: { sessionId: 's' } }) });
    },
    refused: () => undefined, ended: () => undefined, sent: () => undefined, gone: () => undefined,
  });
  return { done: Promise.resolve(), close: () => Promise.resolve() };
};

describe('the status of POST /v1/run', () => {
  let connect: Connect;
  let server: Server;
  before(async () => {
    server = createServer((request, response) => {
      run({ connect, clock: new FakeClock(), maxBytes: 1_000_000 }, request, response).catch((fault: unknown) => response.writeHead(fault instanceof BadRequest ? 499 : 599).end());
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  after(() => void server.close());

  const answer = async (at: string, error: object) => {
    connect = refusing(at, error);
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"language":"python","code":"1","files":{"a":"b"}}' });
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() as { error?: { code: number } } };
  };

  it('is written down for every code', () => {
    expect(Object.values(expected).flat().sort()).to.deep.equal(Object.keys(errorCodes).sort());
  });

  for (const [status, kinds] of Object.entries(expected)) {
    for (const kind of kinds) {
      it(`is ${status} for ${kind}, wherever on the way it comes`, async () => {
        expect(statuses[kind]).to.equal(Number(status));
        const { code, message, data } = new ProtocolError(kind, 'why');
        for (const at of [SessionCreate.name, WriteFile.name, RunCode.name]) {
          expect(await answer(at, { code, message, data }), at).to.deep.equal({ status: Number(status), retryAfter: null, body: { error: { code, message, data } } });
        }
      });
    }
  }

  it('comes with the time to wait where that is known, in whole seconds', async () => {
    expect(await answer(RunCode.name, { code: 1030, message: 'later', data: { kind: 'RateLimited', retryAfterMs: 1001 } })).to.deep.include({ status: 429, retryAfter: '2' });
  });

  it('is 500 for an error without a kind, or with one of its own', async () => {
    for (const data of [undefined, { kind: 'constructor' }, { kind: 7 }]) expect((await answer(RunCode.name, { code: 5, message: 'x', data })).status).to.equal(500);
    expect((await answer(Initialize.name, { code: 5, message: 'x' })).status).to.equal(200);
  });
});
