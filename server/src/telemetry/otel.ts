/** Hands spans to OpenTelemetry. It is loaded only if the configuration or the environment says where they go. */
import { type Context, defaultTextMapGetter, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Tracer as OtelTracer } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Log } from '../base/log.ts';
import type { SpanRecord, Tracer } from './spans.ts';

export interface TracerOptions {
  /** The address of a collector, to which `/v1/traces` is added. undefined: OpenTelemetry's own variables say it. */
  readonly endpoint: string | undefined;
  readonly serviceName: string;
  readonly version: string;
  readonly log: Log;
}

const SCOPE = 'codebeaker';

export function createTracer({ endpoint, serviceName, version, log }: TracerOptions): Tracer {
  const exporter = new OTLPTraceExporter(endpoint === undefined ? {} : { url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  return tracerOver(provider.getTracer(SCOPE, version), log, () => provider.shutdown());
}

/** `end`: sends what has not been sent. */
export function tracerOver(tracer: OtelTracer, log: Log, end: () => Promise<void>): Tracer {
  const propagator = new W3CTraceContextPropagator();
  return {
    record(request, traceparent) {
      try {
        const parent = traceparent === undefined ? ROOT_CONTEXT : propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);
        tell(tracer, request, parent, SpanKind.SERVER);
      } catch (fault) {
        log.error('a trace could not be recorded', fault);
      }
    },
    close: () => end().catch((fault: unknown) => log.warn('traces could not be sent', fault)),
  };
}

function tell(tracer: OtelTracer, { name, start, end, attributes, error, parts }: SpanRecord, parent: Context, kind: SpanKind): void {
  const span = tracer.startSpan(name, { startTime: start, kind, attributes }, parent);
  for (const part of parts) tell(tracer, part, trace.setSpan(parent, span), SpanKind.INTERNAL);
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  span.end(end);
}
