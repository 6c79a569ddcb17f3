/** `node docs/recording.mjs` makes docs/terminal.svg: it runs the real codebeaker and draws the commands and their output. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const WIDTH = 84;
const LINE = 18;
const CHARACTER = 8.05;

/** The command that is shown, and the arguments with which codebeaker is really run. */
const scenes = [
  { typed: 'npx codebeaker run examples/hello.ts', args: ['run', '--runtime', 'deno', 'examples/hello.ts'] },
  { typed: 'npx codebeaker run examples/hello.py', args: ['run', 'examples/hello.py'] },
  { typed: 'npx codebeaker run examples/hello.go', args: ['run', 'examples/hello.go'] },
  { typed: 'npx codebeaker doctor', args: ['doctor'] },
];

const lines = scenes.flatMap(({ typed, args }) => [{ text: `$ ${typed}`, typed: true }, ...answer(args), { text: '' }]);
writeFileSync(join(root, 'docs/terminal.svg'), draw(lines.slice(0, -1)));

function answer(args) {
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  const output = execFileSync(process.execPath, ['server/bin/codebeaker.js', ...args], options);
  return output.trimEnd().split('\n').map((text) => ({ text }));
}

function draw(all) {
  const width = Math.round(WIDTH * CHARACTER + 40);
  const height = all.length * LINE + 58;
  const text = all.map(({ text: words, typed }, index) =>
    `<text x="20" y="${54 + index * LINE}" class="${typed ? 'typed' : 'said'}">${escape(words)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="codebeaker in a terminal">
<style>text{font:13.4px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}.said{fill:#c9d1d9}.typed{fill:#7ee787}</style>
<rect width="100%" height="100%" rx="10" fill="#0d1117"/>
${['#ff5f57', '#febc2e', '#28c840'].map((fill, index) => `<circle cx="${24 + index * 20}" cy="22" r="6" fill="${fill}"/>`).join('')}
${text.join('\n')}
</svg>
`;
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
