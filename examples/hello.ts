// Says hello, and then tries things that a sandbox should not allow.
import { access, constants, readdir } from 'node:fs/promises';

interface Attempt {
  readonly what: string;
  readonly run: () => Promise<unknown>;
}

const attempts: readonly Attempt[] = [
  { what: 'change the system', run: () => access('/etc', constants.W_OK) },
  { what: 'look into the home directories', run: lookAround },
  { what: 'reach the network', run: () => fetch('http://example.com/', { signal: AbortSignal.timeout(2000) }) },
];

async function lookAround(): Promise<void> {
  const homes = await readdir('/home');
  if (homes.length === 0) throw new Error('there are none');
}

console.log('Hello from TypeScript, in a sandbox!');
for (const { what, run } of attempts) {
  const outcome = await run().then(
    () => 'allowed',
    () => 'refused',
  );
  console.log(`  ${outcome}: ${what}`);
}
