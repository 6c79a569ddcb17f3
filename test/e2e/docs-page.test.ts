/** The page at /docs in a real browser: what it shows, and that a method can be tried. */
import { expect } from 'chai';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { screenshots } from '../client-vscode/e2e/editor.ts';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { until } from './environment.ts';
import { RemoteDaemon } from './remote-daemon.ts';

const executablePath = '/usr/bin/chromium';

describe('the page at /docs', () => {
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
    const code = 'import sys, time\nfor turn in range(3):\n    print("turn", turn, "<b>bold</b>", flush=True)\nprint("a ", end="", file=sys.stderr, flush=True)\ntime.sleep(0.2)\nprint("warning", file=sys.stderr, flush=True)\ntime.sleep(600)';
    await params().fill(JSON.stringify({ sessionId, commandId: 'c', code }));
    await page.locator('.try button', { hasText: 'Send' }).click();
    await page.locator('pre.output .stderr').first().waitFor();
    expect(await page.locator('.try output').innerText()).to.equal('Running…');
    // Where the one stream comes in the other is told by nobody.
    const printed = async (stream: string) => (await page.locator(`pre.output .${stream}`).allInnerTexts()).join('');
    await until('all is shown', async () => (await printed('stdout')).endsWith('turn 2 <b>bold</b>\n') && (await printed('stderr')).endsWith('\n'));
    expect([await printed('stdout'), await printed('stderr')]).to.deep.equal(['turn 0 <b>bold</b>\nturn 1 <b>bold</b>\nturn 2 <b>bold</b>\n', 'a warning\n']);
    await picture('running');
    await page.locator('.try button', { hasText: 'Cancel' }).click();
    await page.locator('.try output', { hasText: 'Done.' }).waitFor();
    expect(JSON.parse(await page.locator('pre.answer').innerText())).to.include({ outcome: 'cancelled' });
    await picture('done');
    await page.locator('#connect').click();
    await page.locator('#state', { hasText: 'the connection has ended' }).waitFor();
  });

  it('has every document, and each of them leads to what is there', async () => {
    await page.goto(`http://${daemon.at}/docs#`);
    await page.reload();
    const listed = await page.locator('#pages a').evaluateAll<string[], { pathname: string }>((links) => links.map(({ pathname }) => pathname));
    expect(listed).to.include.members(['/docs/index', '/docs/protocol', '/docs/configuration-reference', '/docs/security-model', '/docs/editors', '/docs/operations', '/docs/troubleshooting', '/docs/errors']);
    const texts = new Map(await Promise.all(listed.map(async (path) => {
      const response = await fetch(`http://${daemon.at}${path}`);
      expect([response.status, response.headers.get('content-type')], path).to.deep.equal([200, 'text/html; charset=utf-8']);
      expect(response.headers.get('content-security-policy'), path).to.contain("default-src 'none'").and.to.contain("frame-ancestors 'none'").and.not.to.match(/unsafe|script-src|connect-src/);
      return [path, await response.text()] as const;
    })));
    const known = new Set(['/docs', '/docs/openrpc.json', '/docs/colors.css', '/docs/document.css', ...listed]);
    const dangling = [...texts].flatMap(([path, text]) => [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, href = '']) => new URL(href, `http://${daemon.at}${path}`))
      .filter(({ host, pathname, hash }) => host === daemon.at && !(known.has(pathname) && (hash === '' || texts.get(pathname)?.includes(` id="${decodeURIComponent(hash.slice(1))}"`))))
      .map(({ href }) => `${path}: ${href}`));
    expect(dangling).to.deep.equal([]);
    for (const [path, text] of texts) expect(text, path).not.to.match(/<script|<style| style=| on\w+=|<img/);
    for (const path of ['/docs/none', '/docs/index.json', '/docs/..%2findex.json']) for (const response of [await daemon.fetch(path), await fetch(`http://${daemon.at}${path}`)]) expect(response.status, path).to.equal(404);
    expect((await fetch(`http://${daemon.at}/none`)).status).to.equal(401);
  });

  it('shows the documents in light and in dark, on wide screens and on narrow ones', async () => {
    for (const [name, width, colorScheme] of [['wide', 1280, 'light'], ['narrow', 390, 'dark']] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      for (const path of ['configuration-reference#network', 'errors', 'remote', 'protocol']) {
        await page.goto(`http://${daemon.at}/docs/${path}`);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${path} fits`).to.equal(true);
        await picture(`${path.replace(/#.*/, '')}-${name}`);
      }
    }
    const colors = await page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('nav')).borderTopStyle]");
    expect(colors).to.deep.equal(['rgb(20, 24, 30)', 'solid']);
    expect(await page.locator('nav a[aria-current="page"]').innerText()).to.match(/^CodeBeaker Protocol/);
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
