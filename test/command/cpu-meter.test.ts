/** The processor time that the exit of no program tells. */
import { expect } from 'chai';
import { CpuMeter } from '../../server/src/command/cpu-meter.ts';

describe('the processor time that no exit tells', () => {
  const missed: number[] = [];
  let used = 0;
  const meter = () => new CpuMeter({ cpuMs: () => (used < 0 ? Promise.reject(new Error('gone')) : Promise.resolve(used)) }, (ms) => missed.push(ms));
  const found = () => missed.splice(0);
  beforeEach(() => (used = 100));

  it('is what the sandbox has used beyond what exits tell, also between commands', async () => {
    const one = meter();
    one.begin();
    used = 150;
    await one.end(50);
    expect(found()).to.deep.equal([]);
    one.begin();
    used = 400;
    await one.end(100);
    expect(found()).to.deep.equal([150]);
    used = 500;
    one.begin();
    await one.end(0);
    expect(found()).to.deep.equal([100]);
  });

  it('is not looked for while another command runs, or where one begins meanwhile', async () => {
    const one = meter();
    one.begin();
    one.begin();
    used = 1_100;
    await one.end(10);
    expect(found()).to.deep.equal([]);
    const ending = one.end(890);
    one.begin();
    await ending;
    expect(found()).to.deep.equal([]);
    used = 1_200;
    await one.end(100);
    expect(found()).to.deep.equal([100]);
  });

  it('is nothing where the exits tell more, or the sandbox is gone', async () => {
    const one = meter();
    one.begin();
    await one.end(5);
    one.begin();
    used = -1;
    await one.end(5);
    expect(found()).to.deep.equal([]);
  });
});
