/** The queries of the dashboard and of the alerts, as they are in deploy/. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const alertsFile = fileURLToPath(new URL('../../deploy/prometheus/alerts.yml', import.meta.url));
const dashboardFile = new URL('../../deploy/grafana/codebeaker.json', import.meta.url);

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

export const dashboard = () => JSON.parse(readFileSync(dashboardFile, 'utf8')) as { readonly panels: readonly Panel[]; readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] } };

/** Each query of the dashboard, with the values that Grafana puts in the place of its variables. */
export function panelQueries(): { title: string; expr: string }[] {
  return dashboard().panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*') })));
}

export function alertQueries(): { title: string; expr: string }[] {
  const text = readFileSync(alertsFile, 'utf8');
  return [...text.matchAll(/- alert: (\w+)\n\s+expr: (.*)\n/g)].map(([, title = '', expr = '']) => ({ title, expr }));
}

/** Each metric that a query names, with the labels by which it chooses. */
export function metricsIn(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/\b(codebeaker_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', chosen = '']) => ({ name, labels: [...chosen.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label) }));
}
