/** The page at /docs in a real browser: what it shows, and that a method can be tried. */
import { expect } from 'chai';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { screenshots } from '../client-vscode/e2e/editor.ts';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { RemoteDaemon } from './remote-daemon.ts';

const executablePath = '/usr/bin/chromium';

describe('the page at /docs', function () {
  this.timeout(60_000);
  before(need('Chromium', () => (existsSync(executablePath) ? undefined : 'it is not installed; run test/setup/chromium.sh as root')));
  before(need('bubblewrap', bubblewrap));

  let daemon: RemoteDaemon;
  let browser: Browser;
  let page: Page;
  /** What the browser complains of, and what it asks others for. */
  const complaints: string[] = [];
  before(async () => {
    daemon = await RemoteDaemon.start();
    browser = await chromium.launch({ executablePath, chromiumSandbox: false, args: ['--no-sandbox', '--disable-gpu'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('request', (request) => new URL(request.url()).host === daemon.at || complaints.push(request.url()));
    mkdirSync(screenshots, { recursive: true });
  });
  after(async () => {
    await browser.close();
    expect(await daemon.stop()).to.equal(0);
  });

  const picture = (name: string) => page.screenshot({ path: join(screenshots, `docs-${name}.png`) });
  const choose = async (method: string) => {
    await page.locator('#list a', { hasText: new RegExp(`^${method}$`) }).click();
    await page.locator('#method h2', { hasText: method }).waitFor();
  };
  const params = () => page.locator('.try textarea');

  it('shows every method with what it takes, gives and refuses', async () => {
    await page.goto(`http://${daemon.at}/`);
    await page.locator('#list a').first().waitFor();
    expect(new URL(page.url()).pathname).to.equal('/docs');
    const { methods } = await (await fetch(`http://${daemon.at}/docs/openrpc.json`)).json() as { methods: { name: string }[] };
    expect(await page.locator('#list a').allTextContents()).to.deep.equal(methods.map(({ name }) => name));
    await picture('first');
    await choose('session/create');
    expect(await page.locator('#method').innerText()).to.contain('idleTimeoutMs').and.to.contain('RuntimeUnavailable').and.to.contain('1010');
    await page.locator('.try button', { hasText: 'Send' }).click();
    await page.locator('.try output', { hasText: 'Connect first' }).waitFor();
    await picture('method');
    await page.locator('#filter').fill('RUNCODE');
    expect(await page.locator('#list a').allTextContents()).to.deep.equal(['command/runCode', 'command/diagnostics']);
    await page.locator('#filter').fill('');
  });

  it('lets nobody try anything without the token', async () => {
    await page.locator('#token').fill('x'.repeat(32));
    await page.locator('#connect').click();
    await page.locator('#state', { hasText: 'is the token right?' }).waitFor();
    expect(complaints.splice(0).every((each) => each.includes('WebSocket'))).to.equal(true);
  });

  it('runs code, and shows its output while it runs', async () => {
    await page.locator('#token').fill(daemon.token);
    await page.locator('#connect').click();
    await page.locator('#state', { hasText: 'connected; available:' }).waitFor();
    await choose('session/create');
    await params().fill('{ "language": "python", "runtime": "native" }');
    await page.locator('.try button', { hasText: 'Send' }).click();
    await page.locator('.try output', { hasText: 'Done.' }).waitFor();
    const { sessionId } = JSON.parse(await page.locator('pre.answer').innerText()) as { sessionId: string };
    await choose('command/runCode');
    const example = JSON.parse(await params().inputValue()) as object;
    expect(example).to.include({ sessionId, commandId: 'command-1' });
    const code = 'import sys, time\nfor turn in range(3):\n    print("turn", turn, "<b>bold</b>", flush=True)\nprint("a warning", file=sys.stderr, flush=True)\ntime.sleep(600)';
    await params().fill(JSON.stringify({ sessionId, commandId: 'c', code }));
    await page.locator('.try button', { hasText: 'Send' }).click();
    await page.locator('pre.output .stderr').waitFor();
    expect(await page.locator('.try output').innerText()).to.equal('Running…');
    await page.locator('pre.output', { hasText: 'turn 2' }).waitFor();
    // Which of the two streams comes first is told by nobody.
    expect((await page.locator('pre.output').innerText()).trimEnd().split('\n').sort()).to.deep.equal(['a warning', 'turn 0 <b>bold</b>', 'turn 1 <b>bold</b>', 'turn 2 <b>bold</b>']);
    await picture('running');
    await page.locator('.try button', { hasText: 'Cancel' }).click();
    await page.locator('.try output', { hasText: 'Done.' }).waitFor();
    expect(JSON.parse(await page.locator('pre.answer').innerText())).to.include({ outcome: 'cancelled' });
    await picture('done');
    await page.locator('#connect').click();
    await page.locator('#state', { hasText: 'the connection has ended' }).waitFor();
  });

  it('keeps the token nowhere, and neither complains nor asks anybody else', async () => {
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')).to.equal('[{},{},""]');
    expect(complaints).to.deep.equal([]);
  });

  it('may not be framed, and runs no script but its own', async () => {
    const { headers } = await fetch(`http://${daemon.at}/docs`);
    expect(headers.get('content-security-policy')).to.contain("default-src 'none'").and.to.contain("frame-ancestors 'none'").and.not.to.contain('unsafe');
  });
});
