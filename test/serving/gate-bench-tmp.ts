import { live } from '/root/wt/drain/server/src/base/live.ts';
import { admit } from '/root/wt/drain/server/src/serving/gate/admit.ts';
import { drain } from '/root/wt/drain/server/src/serving/gate/drain.ts';
import { limitSizes } from '/root/wt/drain/server/src/serving/gate/sizes.ts';
import { createGate } from '/root/wt/drain/server/src/serving/gate/gate.ts';
import { Drain } from '/root/wt/drain/server/src/serving/drain.ts';
import { createPolicy } from '/root/wt/drain/server/src/policy/policy.ts';
import { systemClock as clock } from '/root/wt/drain/server/src/base/clock.ts';
import { ExecuteShell } from '/root/wt/drain/server/src/protocol/index.ts';
const policy = createPolicy({ rates: { 'command/executeShell': { perMinute: 1e9, burst: 1e9 } } });
const house = live(() => policy); const visit = live(() => house);
const call = { method: ExecuteShell, params: { sessionId: 'x', command: 'true', cwd: '.' }, signal: new AbortController().signal };
const gates = {
  before: createGate([limitSizes(policy.sizes), admit({ rates: policy.rates, clock })], async () => 1),
  after: createGate([drain(new Drain(clock)), limitSizes(live(() => visit.sizes)), admit({ rates: live(() => visit.rates), clock })], async () => 1),
};
for (let round = 0; round < 4; round++) for (const [name, gate] of Object.entries(gates)) {
  const begin = performance.now();
  for (let i = 0; i < 200_000; i++) await gate(call);
  console.log(round, name, ((performance.now() - begin) / 200).toFixed(2), 'µs');
}
