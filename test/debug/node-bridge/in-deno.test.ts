/** What the bridge starts for a program in Deno. */
import { expect } from 'chai';
import { COMMAND_VARIABLE, startingInDeno } from '../../../server/src/debug/node-bridge/in-deno.ts';

describe('the bridge in Deno', () => {
  it('takes the command line and the variables of the sandbox alone, whatever the client says', async () => {
    let printed = '';
    const events = { output: (_: string, text: string) => void (printed += text), message: () => undefined, ended: () => undefined };
    const own = [process.execPath, '-p', `JSON.stringify([process.env.NODE_OPTIONS, process.env.OWN, process.env.${COMMAND_VARIABLE}])`];
    const env = { PATH: process.env.PATH ?? '', OWN: 'own', [COMMAND_VARIABLE]: JSON.stringify(own) };
    const parts = { file: '/opt/deno/bridge.cjs', process: { execPath: process.execPath, env, kill: process.kill.bind(process) }, terminal: false };
    const start = startingInDeno(parts);
    const launch = { program: '/workspace/main.ts', env: { NODE_OPTIONS: '--title=client', OWN: 'client', [COMMAND_VARIABLE]: JSON.stringify([process.execPath, '-p', '"client"']) } };
    const fault = await start(launch, { ...parts, start }, events).then(() => undefined, (reason: Error) => reason.message);
    expect(fault).to.contain('has ended before it could be debugged');
    expect(printed).to.equal('[null,"own",null]\n');
  });
});
