/** Whether traces are collected, and where they go. */
import type { Log } from '../base/log.ts';
import type { Config } from '../protocol/index.ts';
import type { Tracer } from '../telemetry/spans.ts';
import type { Surroundings } from './surroundings.ts';

/** undefined: nobody collects traces, and nothing of OpenTelemetry is loaded. */
export async function createTracing({ telemetry }: Config, { env, version }: Pick<Surroundings, 'env' | 'version'>, log: Log): Promise<Tracer | undefined> {
  const endpoint = telemetry?.otlpEndpoint;
  const elsewhere = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (env.OTEL_SDK_DISABLED === 'true' || (endpoint === undefined && elsewhere === undefined)) return undefined;
  const { createTracer } = await import('../telemetry/otel.ts');
  return createTracer({ endpoint, serviceName: env.OTEL_SERVICE_NAME ?? 'codebeaker', version, log });
}
