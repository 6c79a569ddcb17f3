/** Traces: each request with the command and the programs that it ran, as a part of the trace that the client named. */
import { expect } from 'chai';
import { InMemorySpanExporter, TracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTracing } from '../../../server/src/cli/telemetry.ts';
import { tracerOver } from '../../../server/src/telemetry/otel.ts';
import { recordingLog } from '../../wire/server.ts';
import { type TestDaemon, withDaemon } from '../daemon.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const traceparent = `00-${TRACE}-${PARENT}-01`;

const ms = ([seconds, ns]: readonly [number, number]) => seconds * 1000 + ns / 1e6;

/** Runs a daemon whose spans are kept here. */
async function withTraces(test: (daemon: TestDaemon, spans: () => ReadableSpan[]) => Promise<void>): Promise<void> {
  const kept = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: kept })] });
  const tracer = tracerOver(provider.getTracer('test'), recordingLog([]), () => provider.shutdown());
  await withDaemon({ tracer }, async (daemon) => {
    await daemon.initialize();
    await test(daemon, () => kept.getFinishedSpans());
  });
  await tracer.close();
}

describe('the step of the gate for traces', () => {
  it('tells of a request, its command and its programs, below the span of the client', () =>
    withTraces(async (daemon, spans) => {
      const sessionId = await daemon.session({ traceparent });
      const { commandId } = await daemon.result('command/runCode', { sessionId, code: 'echo hello', traceparent });
      const found = spans();
      expect(found.map(({ name }) => name)).to.deep.equal(['sandbox', 'session/create', 'fake run', 'command', 'command/runCode']);
      expect(new Set(found.map((each) => each.spanContext().traceId))).to.deep.equal(new Set([TRACE]));
      const [sandbox, create, run, command, request] = found as [ReadableSpan, ReadableSpan, ReadableSpan, ReadableSpan, ReadableSpan];
      const idOf = (span: ReadableSpan) => span.spanContext().spanId;
      expect([create, request].map(({ parentSpanContext }) => parentSpanContext?.spanId)).to.deep.equal([PARENT, PARENT]);
      expect([sandbox, run, command].map(({ parentSpanContext }) => parentSpanContext?.spanId)).to.deep.equal([idOf(create), idOf(command), idOf(request)]);
      expect(request.attributes).to.include({ 'rpc.method': 'command/runCode', 'codebeaker.session': sessionId, 'codebeaker.command': commandId, 'codebeaker.outcome': 'exited' });
      expect(command.attributes).to.include({ 'codebeaker.runtime': 'fake' });
      for (const [inner, outer] of [[run, command], [command, request], [sandbox, create]] as const) {
        expect(ms(inner.startTime)).to.be.at.least(ms(outer.startTime));
        expect(ms(inner.endTime)).to.be.at.most(ms(outer.endTime));
      }
    }));

  it('begins a trace of its own where the client names none, or something else', () =>
    withTraces(async (daemon, spans) => {
      for (const given of [undefined, 'nothing', `00-${'0'.repeat(32)}-${PARENT}-01`, 7]) await daemon.result('session/list', { traceparent: given });
      const found = spans();
      expect(found.map(({ parentSpanContext }) => parentSpanContext)).to.deep.equal([undefined, undefined, undefined, undefined]);
      expect(new Set(found.map((each) => each.spanContext().traceId)).size).to.equal(4);
    }));

  it('says why a request failed, and takes the trace from session/execute as well', () =>
    withTraces(async (daemon, spans) => {
      await daemon.fault('session/execute', { sessionId: 'none', command: { type: 'executeShell', command: 'x' }, traceparent });
      const [{ name, status, attributes, parentSpanContext }] = spans() as [ReadableSpan];
      expect([name, status.message, attributes['error.type'], parentSpanContext?.spanId]).to.deep.equal(['command/executeShell', 'SessionNotFound', 'SessionNotFound', PARENT]);
    }));

  it('follows the client where that does not sample its trace', () =>
    withTraces(async (daemon, spans) => {
      await daemon.result('session/list', { traceparent: traceparent.replace(/01$/, '00') });
      expect(spans()).to.deep.equal([]);
    }));
});

describe('the collecting of traces', () => {
  const log = recordingLog([]);
  const make = (env: Record<string, string>, otlpEndpoint?: string) => createTracing(otlpEndpoint === undefined ? {} : { telemetry: { otlpEndpoint } }, { env, version: '1' }, log);

  it('is off unless somebody says where they go', async () => {
    expect(await make({})).to.equal(undefined);
    expect(await make({ OTEL_SDK_DISABLED: 'true' }, 'http://127.0.0.1:1')).to.equal(undefined);
  });

  it('sends them to the collector', async () => {
    const bodies: [string | undefined, string][] = [];
    const collector = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk)).on('end', () => {
        bodies.push([request.url, body]);
        response.end('{}');
      });
    });
    await once(collector.listen(0, '127.0.0.1'), 'listening');
    try {
      const tracer = await make({}, `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`);
      tracer?.record({ name: 'session/list', start: 1, end: 2, attributes: {}, parts: [] }, traceparent);
      await tracer?.close();
      expect(bodies.map(([url]) => url)).to.deep.equal(['/v1/traces']);
      expect(bodies[0]?.[1]).to.contain(TRACE).and.to.contain('session/list').and.to.contain('codebeaker');
    } finally {
      collector.close();
      collector.closeAllConnections();
    }
  });
});
