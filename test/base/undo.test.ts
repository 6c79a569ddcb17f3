/** Undoing what has been made. */
import { expect } from 'chai';
import { Undo, undoing } from '../../server/src/base/undo.ts';

describe('undoing', () => {
  const failure = (promise: Promise<unknown>) => promise.then(() => undefined, (fault: unknown) => fault);
  const failing = (message: string) => () => Promise.reject(new Error(message));

  it('runs the steps in reverse order when the work fails, and then throws its fault', async () => {
    const undone: number[] = [];
    const fault = await failure(undoing(async (undo) => {
      for (const step of [1, 2, 3]) undo.add(async () => void undone.push(step));
      throw new Error('it failed');
    }));
    expect([undone, (fault as Error).message]).to.deep.equal([[3, 2, 1], 'it failed']);
  });

  it('undoes nothing when the work succeeds, until it is asked to', async () => {
    let undone = 0;
    const undo = await undoing(async (steps) => {
      steps.add(() => void undone++);
      return steps;
    });
    expect(undone).to.equal(0);
    await Promise.all([undo.all(), undo.all()]);
    await undo.all();
    expect(undone).to.equal(1);
  });

  it('goes on after a step that fails, and throws that fault, or all of them together', async () => {
    const [one, two] = [new Undo(), new Undo()];
    let undone = 0;
    for (const undo of [one, two]) undo.add(() => void undone++);
    one.add(failing('first'));
    for (const message of ['first', 'second']) two.add(failing(message));
    expect(await failure(one.all())).to.have.property('message', 'first');
    expect(((await failure(two.all())) as AggregateError).errors.map(({ message }: Error) => message)).to.deep.equal(['second', 'first']);
    expect(undone).to.equal(2);
  });

  it('carries out at once what is added too late', async () => {
    const undo = new Undo();
    await undo.all();
    await new Promise<void>((resolve) => undo.add(resolve));
    undo.add(failing('nobody hears of this'));
  });
});
