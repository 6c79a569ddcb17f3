/** What usage costs, by the prices of the configuration. */
import type { Cost, Prices, Used } from '../protocol/index.ts';
import type { Amounts } from './amounts.ts';

/** The currency of nothing, where the configuration has no prices. */
const NO_CURRENCY = 'USD';
const GIB = 2 ** 30;
/** Amounts are given to a millionth. */
const PRECISION = 1e6;

export function costOf({ cpuSeconds, gibSeconds, commands, networkBytes }: Pick<Amounts, 'cpuSeconds' | 'gibSeconds' | 'commands' | 'networkBytes'>, prices: Prices | undefined): Cost {
  const { currency = NO_CURRENCY, cpuSecond = 0, gibSecond = 0, command = 0, networkGib = 0 } = prices ?? {};
  const amount = cpuSeconds * cpuSecond + gibSeconds * gibSecond + commands * command + (networkBytes / GIB) * networkGib;
  return { amount: Math.round(amount * PRECISION) / PRECISION, currency };
}

/** What was used, as clients are told. */
export function usedOf(amounts: Amounts, prices: Prices | undefined): Used {
  const { cpuSeconds, gibSeconds, commands, outputBytes, networkBytes, sessions } = amounts;
  return { cpuSeconds, memoryGiBSeconds: gibSeconds, commands, estimatedCost: costOf(amounts, prices), outputBytes, networkBytes, sessions };
}
