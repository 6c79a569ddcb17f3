/** Measured numbers in place of estimates. */
import { expect } from 'chai';
import type { RuntimeInfo } from '../../../server/src/protocol/index.ts';
import { MAX_SAMPLES, Measurements, type Samples } from '../../../server/src/runtime/choice/measurements.ts';

const NOW = Date.UTC(2030, 0, 1);
const info: RuntimeInfo = {
  id: 'docker', available: true, version: '1', languages: [], isolation: { score: 7, layers: [] },
  startup: { coldMs: 250, warmMs: 30, measured: false }, memoryBytes: 1000,
};

describe('measurements', () => {
  const numbers = (measurements: Measurements, of = info) => {
    const { startup, memoryBytes, measuredAt } = measurements.apply(of);
    return [startup.coldMs, startup.warmMs, memoryBytes, startup.measured, measuredAt];
  };

  it('leave estimates as they are if there are none', () => {
    expect(new Measurements().apply(info)).to.equal(info);
  });

  it('count as measured if both numbers of the start were', () => {
    const measurements = new Measurements();
    measurements.record('docker', '1', 'coldMs', 100, NOW);
    expect(numbers(measurements)).to.deep.equal([100, 30, 1000, false, '2030-01-01T00:00:00.000Z']);
    measurements.record('docker', '1', 'memoryBytes', 5, NOW);
    measurements.record('docker', '1', 'warmMs', 7.25, NOW + 1000);
    expect(numbers(measurements)).to.deep.equal([100, 7.3, 5, true, '2030-01-01T00:00:01.000Z']);
  });

  it('are the median of the latest', () => {
    const measurements = new Measurements();
    for (const value of [900, 5, 7, 1000, 6]) measurements.record('docker', '1', 'coldMs', value, NOW);
    expect(numbers(measurements)[0]).to.equal(7);
    for (let count = 0; count < MAX_SAMPLES; count += 1) measurements.record('docker', '1', 'coldMs', 20 + count, NOW);
    expect(numbers(measurements)[0]).to.equal(24);
  });

  it('hold for one version of one runtime', () => {
    const measurements = new Measurements();
    measurements.record('docker', '1', 'coldMs', 100, NOW);
    expect(measurements.apply({ ...info, version: '2' })).to.include({ version: '2', memoryBytes: 1000 }).and.not.to.have.property('measuredAt');
    expect(numbers(measurements, { ...info, id: 'deno' })[0]).to.equal(250);
    measurements.record('docker', '2', 'coldMs', 50, NOW);
    expect([numbers(measurements)[0], numbers(measurements, { ...info, version: '2' })[0]]).to.deep.equal([250, 50]);
  });

  it('leave out a program that was silent for too long, and impossible values', () => {
    const measurements = new Measurements();
    for (const value of [2_001, -1, NaN, Infinity]) measurements.record('docker', '1', 'warmMs', value, NOW);
    expect(measurements.apply(info)).to.equal(info);
  });

  it('continue those of the last daemon, and are kept for the next', () => {
    const before: Samples = { version: '1', measuredAt: NOW, coldMs: [10], warmMs: [], memoryBytes: [] };
    const kept = new Map([['docker', before]]);
    new Measurements(kept).record('docker', '1', 'coldMs', 20, NOW + 1);
    expect([...kept]).to.deep.equal([['docker', { ...before, coldMs: [10, 20], measuredAt: NOW + 1 }]]);
    expect(before.coldMs).to.deep.equal([10]);
  });
});
