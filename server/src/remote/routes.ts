/** What the front door answers, path by path. */
import type { Clock } from '../base/clock.ts';
import { answerJson, answerText } from './answer.ts';
import { docsPage } from './docs-page.ts';
import type { Route } from './front-door.ts';
import { Rpc } from './rpc.ts';
import { run } from './run.ts';
import type { Connect } from './visitor.ts';

/** What the front door needs of the daemon behind it. */
export interface Behind {
  readonly clock: Clock;
  readonly maxBytes: number;
  readonly version: string;
  /** Serves a client of the front door's own. */
  readonly connect: Connect;
  /** Whether work can be done now; if not, why. */
  ready(): Promise<{ readonly ok: boolean; readonly reasons: readonly string[] }>;
  /** The metrics, in the text format of Prometheus. */
  metrics(): Promise<string>;
}

export function routes({ clock, maxBytes, version, connect, ready, metrics }: Behind): Record<string, Route> {
  const rpc = new Rpc(connect, maxBytes);
  return {
    '/': { method: 'GET', open: true, handle: (_request, response) => answerText(response, 302, 'text/plain', 'See /docs\n', { Location: '/docs' }) },
    '/docs/': { method: 'GET', open: true, handle: (_request, response) => answerText(response, 302, 'text/plain', 'See /docs\n', { Location: '/docs' }) },
    ...docsPage(version),
    '/healthz': { method: 'GET', open: true, handle: (_request, response) => answerText(response, 200, 'text/plain', 'ok\n') },
    '/readyz': {
      method: 'GET',
      open: true,
      async handle(_request, response, known) {
        const { ok, reasons } = await ready();
        // Why it is not ready is the business of those who have the token.
        answerJson(response, ok ? 200 : 503, { ok, ...(known && { reasons }) });
      },
    },
    '/metrics': { method: 'GET', handle: async (_request, response) => answerText(response, 200, 'text/plain; version=0.0.4', await metrics()) },
    '/rpc': { method: 'POST', handle: (request, response) => rpc.handle(request, response) },
    '/v1/run': { method: 'POST', handle: (request, response) => run({ connect, clock, maxBytes }, request, response) },
  };
}
