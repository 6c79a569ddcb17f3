/** The metrics of one daemon: the client library of Prometheus, its instruments, and how they are shown. It is loaded when somebody wants to see it. */
import { Registry } from 'prom-client';
import type { HouseEvent } from '../events/events.ts';
import type { MetricFamily } from '../protocol/index.ts';
import { count } from './count.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { look, type Sights } from './look.ts';

export class Book {
  readonly #registry = new Registry();
  readonly #instruments: Instruments = createInstruments(this.#registry);
  readonly #sights: Sights;

  constructor(sights: Sights) {
    this.#sights = sights;
  }

  count(event: HouseEvent): void {
    count(event, this.#instruments);
  }

  /** In the text format of Prometheus. */
  async text(): Promise<string> {
    await look(this.#sights, this.#instruments);
    return this.#registry.metrics();
  }

  async families(): Promise<MetricFamily[]> {
    await look(this.#sights, this.#instruments);
    const all = await this.#registry.getMetricsAsJSON();
    return all.map(({ name, help, type, values }) => ({
      name, help, type: `${type}` as MetricFamily['type'],
      values: values.map(({ value, labels, ...rest }) => ({ name: (rest as { metricName?: string }).metricName ?? name, labels: asText(labels), value })),
    }));
  }
}

function asText(labels: object): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, `${value}`]));
}
