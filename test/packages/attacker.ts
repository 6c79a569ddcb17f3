/** A package that tries every way out while it is installed, with the mirror of its registry as the proxy, and writes down what came of each. */
import { readFileSync } from 'node:fs';
import type { Outside } from '../network/outside.ts';
import { sdist } from './indexes/pypi.ts';
import type { Answerer } from './indexes/serve.ts';

export const attacks = readFileSync(new URL('../network/attacks.py', import.meta.url), 'utf8');
/** What attacks.py is told. */
export const argumentsOf = ({ secret, udp, addresses }: Outside): string[] => [String(secret), String(udp), JSON.stringify(addresses)];

/** Places to which a registry may not lead. */
const placesOf = ({ secret }: Outside) => [
  ...['127.0.0.1', '[::1]', '[::ffff:7f00:1]', 'localhost', 'inner.example', 'mapped.example', 'mixed.example', 'rebind.example'].map((host) => `${host}:${secret}`), '169.254.169.254:80',
];

/** A page of the index that leads to all of them; `/simple/to/URL/` redirects to the URL. */
export const leading = (outside: Outside): Answerer => ({ url = '' }, response) => {
  const [, to] = /^\/simple\/to\/([^/]*)\/$/.exec(url) ?? [];
  if (to !== undefined) response.writeHead(302, { location: decodeURIComponent(to) }).end();
  else if (url === '/simple/leading/') response.writeHead(200, { 'content-type': 'text/html' }).end(placesOf(outside).map((place) => `<a href="http://${place}/stolen">a-1.0.tar.gz</a>`).join('\n'));
  else return false;
  return true;
};

const code = (outside: Outside) => `
import contextlib, io, json, os, re, sys, urllib.parse, urllib.request
home = os.environ['TMPDIR'].rsplit('/', 1)[0]
def attack():
    index = os.environ['PIP_INDEX_URL']
    parts = urllib.parse.urlparse(index)
    origin = 'http://' + parts.netloc
    os.environ['HTTP_PROXY'] = os.environ['http_proxy'] = origin
    for name in ('NO_PROXY', 'no_proxy'): os.environ.pop(name, None)
    sys.argv = ['attacks'] + ${JSON.stringify(argumentsOf(outside))}
    tools = {}
    with contextlib.redirect_stdout(io.StringIO()): exec(${JSON.stringify(attacks)}, tools)
    way, fetch = tools['way'], lambda url: tools['fetch'](url, {})
    for place in ${JSON.stringify(placesOf(outside))}:
        host, port = place.rsplit(':', 1)
        way('forged ' + place)(lambda: fetch(origin + '/-/origin/http/' + host + '/' + port + '/stolen'))
        way('redirected to ' + place)(lambda: fetch(index + 'to/' + urllib.parse.quote('http://' + place + '/stolen', '') + '/'))
    for number, link in enumerate(re.findall('href="([^"]*)"', fetch(index + 'leading/')) * 2):
        way('followed %d' % number)(lambda: fetch(urllib.parse.urljoin(origin, link)))
    way('sent')(lambda: urllib.request.build_opener(urllib.request.ProxyHandler({})).open(index, b'canary').read().decode())
    with open(home + '/attacks', 'w') as file: json.dump(tools['results'], file)
if not os.path.exists(home + '/attacks'): attack()
`;

export const attacker = (outside: Outside) => sdist('attacker', '1.0', code(outside));
