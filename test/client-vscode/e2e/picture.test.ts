/** Takes the pictures for the README. With UPDATE_PICTURE=1 it replaces the pictures in docs/. */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { daemonEnvironment } from '../../e2e/environment.ts';
import { dockerImage, need } from '../../require.ts';
import { DebugHands } from './debug-hands.ts';
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
  'deck.py': `"""Deals cards in a sandbox, under a debugger."""
import random

SUITS = "♠♥♦♣"
RANKS = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K", "A"]


def deal(players: list[str], cards: int) -> dict[str, list[str]]:
    """A hand of cards for each of the players."""
    deck = [rank + suit for suit in SUITS for rank in RANKS]
    random.Random(7).shuffle(deck)
    hands = {}
    for player in players:
        hands[player] = [deck.pop() for _ in range(cards)]
        print(f"\\x1b[32m{player}\\x1b[0m has {', '.join(hands[player])}")
    return hands


deal(["Ada", "Grace", "Barbara"], 3)
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

  it('shows a program that stands at a breakpoint (issue 16)', async () => {
    const debug = new DebugHands(editor.page);
    await hands.sees(() => hands.status(), /docker/);
    await hands.command('Explorer: Focus on Folders View');
    await hands.openFile('deck.py');
    await debug.gutter(15);
    await hands.command('CodeBeaker: Debug in Sandbox');
    await hands.sees(() => debug.stoppedLine(), /print\(/);
    await debug.press('Continue');
    await hands.sees(() => debug.console(), /Ada has/);
    await hands.sees(() => debug.stoppedLine(), /print\(/);
    await debug.evaluate('len(deck)');
    await hands.sees(() => debug.console(), /len\(deck\)\s+46/);
    await hands.sees(() => debug.variables(), /hands = [^]*players = /);
    await hands.focusEditor();
    expect(await hands.toasts()).to.equal('');
    const picture = await hands.screenshot('picture-debug');
    expect(picture.length).to.be.above(30_000);
    if (process.env.UPDATE_PICTURE) writeFileSync(new URL('../../../docs/vscode-debug.png', import.meta.url), picture);
    await debug.press('Stop');
    await hands.sees(() => debug.toolbar(), /^0$/);
  });
});
