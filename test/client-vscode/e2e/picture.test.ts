/** Takes the picture for the README. With UPDATE_PICTURE=1 it replaces the picture in docs/. */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { daemonEnvironment } from '../../e2e/environment.ts';
import { dockerImage, need } from '../../require.ts';
import { type Editor, inDocker, realEditor, startEditor } from './editor.ts';
import { Hands } from './hands.ts';

const files = {
  'dice.py': `"""Throws dice in a sandbox, and counts."""
import random
from collections import Counter

from chart import bar

throws = int(input("How many throws? "))
counts = Counter(random.randint(1, 6) + random.randint(1, 6) for _ in range(throws))

for total in range(2, 13):
    print(f"{total:3} {bar(counts[total] / throws)} {counts[total]}")

with open("counts.csv", "w") as file:
    file.writelines(f"{total},{counts[total]}\\n" for total in sorted(counts))
`,
  'chart.py': `def bar(share: float) -> str:
    """A coloured bar: green to red as it grows."""
    length = round(share * 150)
    return "".join(f"\\x1b[38;2;{90 + 6 * n};{200 - 5 * n};{110}m█" for n in range(length)) + "\\x1b[0m"
`,
};

const settings = {
  ...inDocker,
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.layoutControl.enabled': false,
  'window.commandCenter': false,
  'breadcrumbs.enabled': false,
  'explorer.openEditors.visible': 0,
};

describe('The picture of VS Code', function () {
  this.timeout(120_000);
  let editor: Editor;
  let hands: Hands;

  before(need('VS Code', realEditor));
  before(need('docker', dockerImage('codebeaker-test')));
  before(async () => {
    editor = await startEditor({ files, settings, env: daemonEnvironment() });
    hands = new Hands(editor.page);
    await editor.page.setViewportSize({ width: 1200, height: 820 });
    await editor.open('dice.py');
  });
  after(() => editor?.close());

  it('shows a run with input, colours, and its sandbox', async () => {
    await hands.sees(() => hands.status(), /docker/);
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.terminal(), /How many throws\?/);
    await hands.typeInTerminal('1000\r');
    await hands.sees(() => hands.terminal(), /✓ exited with code 0/);
    await hands.focusEditor();
    await hands.command('Explorer: Focus on Sandbox Sessions View');
    for (const section of ['Outline', 'Timeline']) await hands.hideSection(section);
    await editor.page.locator('.pane-body .monaco-list-row', { hasText: 'docker' }).locator('.monaco-tl-twistie').click();
    await editor.page.locator('.pane-body .monaco-list-row', { hasText: 'counts.csv' }).waitFor();
    await hands.growPanel(60);
    await hands.focusEditor();
    await editor.page.locator('.monaco-sash.hover').waitFor({ state: 'detached' });
    await hands.sees(() => hands.terminal(), /How many throws\?[^]*12 /);
    expect(await hands.toasts()).to.equal('');
    const picture = await hands.screenshot('picture');
    expect(picture.length).to.be.above(30_000);
    if (process.env.UPDATE_PICTURE) writeFileSync(new URL('../../../docs/vscode.png', import.meta.url), picture);
  });
});
