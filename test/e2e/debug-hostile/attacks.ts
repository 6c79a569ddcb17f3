/** What a made-up adapter does to its client, and what the client may see of it at most. */
import { expect } from 'chai';
import type { DapClient } from '../../debug/dap-client.ts';

export interface Attack {
  /** What is in `attack.py`, beside adapter.py. CANARY stands for a path of this machine. */
  readonly code: string;
  /** How the debugging may end. */
  readonly outcomes: readonly string[];
  /** Whether only adapters that connect do it. Default: all of them. */
  readonly connected?: boolean;
  /** Whether the daemon has to wait for what never comes. Default: no. */
  readonly silent?: boolean;
  readonly limits?: object;
  /** What is so of the messages, beside what is so of all. */
  check?(client: DapClient): void;
}

/** Ended by the daemon. */
const ended = ['signaled'];
/** Obeys in the end: the client disconnects, and the adapter has told no exit code. */
const obeys = ['cancelled'];

const consoleOf = (client: DapClient) => client.events('output').filter(({ category }) => category === 'console').map(({ output }) => output).join('');
const answersTo = (client: DapClient, command: string) => client.received.filter((each) => each.type === 'response' && each.command === command);

export const attacks: Readonly<Record<string, Attack>> = {
  'asks it to start programs, two thousand times': {
    code: `
said = set()
count = 0
def answered(message):
    global count
    said.add((message["command"], message["success"]))
    count += 1
    if count == 2000:
        say("refused %s" % sorted(said))
def go():
    for _ in range(1000):
        send(type="request", command="runInTerminal", arguments={"cwd": "/", "args": ["touch", "CANARY"], "kind": "integrated", "env": {"A": None}})
        send(type="request", command="startDebugging", arguments={"request": "launch", "configuration": {"type": "node", "program": "CANARY"}})
`,
    outcomes: obeys,
    check: (client) => expect(consoleOf(client)).to.contain("refused [('runInTerminal', False), ('startDebugging', False)]"),
  },
  'asks it for what no protocol has': {
    code: `
def go():
    for command in ("executeCommand", "initialize", "launch", "__proto__", "constructor", "x" * 100):
        send(type="request", command=command, arguments={"args": ["touch", "CANARY"]})
`,
    outcomes: obeys,
  },
  'answers what nobody asked, and everything twice': {
    code: `
plain = answer
def answer(request, body):
    for number in (0, -1, 4711, request["seq"] + 1, 2 ** 53):
        send(type="response", request_seq=number, success=True, command=request["command"], body={"result": "forged", "variablesReference": 0})
    plain(request, body)
    plain(request, {"threads": [{"id": 7, "name": "forged"}], "result": "forged"})
`,
    outcomes: [...obeys, ...ended],
    check: (client) => expect(JSON.stringify(client.received)).not.to.contain('forged'),
  },
  'tells events before it is introduced, and that it is ready again and again': {
    code: `
def first():
    event("stopped", {"reason": "pause", "threadId": 1})
    event("initialized")
    event("exited", {"exitCode": 0})
    event("terminated")
    event("output", {"category": "console", "output": "early"})
def go():
    for _ in range(100):
        event("initialized")
`,
    outcomes: ['exited', 'cancelled'],
    check: (client) => {
      expect(client.received[0]).to.include({ type: 'response', command: 'initialize' });
      expect(client.events('initialized')).to.have.length(1);
    },
  },
  'ends again and again': {
    code: `
def go():
    for _ in range(1000):
        event("terminated", {"restart": {"program": "CANARY"}})
        event("exited", {"exitCode": 0})
`,
    outcomes: ['exited'],
    check: (client) => {
      expect(client.events('terminated')).to.have.length(1);
      expect(client.received.find(({ event }) => event === 'terminated')).not.to.have.property('body');
      expect(client.events('exited').length, 'exited').to.be.at.most(1);
    },
  },
  'tells exit codes that are none': {
    code: `
def go():
    for code in (1.5, "0", None, True, 2 ** 40, -2 ** 40, [0], {}):
        event("exited", {"exitCode": code})
`,
    outcomes: obeys,
    check: (client) => expect(client.events('exited')).to.deep.equal([]),
  },
  'announces a message of 1 GiB, and sends it': {
    code: `
def go():
    raw(b"Content-Length: 1073741824\\r\\n\\r\\n")
    for _ in range(16384):
        raw(b"x" * 65536)
`,
    outcomes: ended,
  },
  'sends a message of one byte more than 16 MiB': {
    code: `
def go():
    body = b'{"seq":1,"type":"event","event":"output","body":{"output":"'
    raw(b"Content-Length: %d\\r\\n\\r\\n" % (16 * 2 ** 20 + 1) + body.ljust(16 * 2 ** 20 + 1 - 3, b"x") + b'"}}')
`,
    outcomes: ended,
  },
  'sends 250,001 values in a message': {
    code: `
def go():
    event("stopped", {"reason": "pause", "hitBreakpointIds": [1] * 250001})
`,
    outcomes: ended,
  },
  'sends what is nested a hundred thousand times': {
    code: `
def go():
    for open, close in (("[", "]"), ('{"innerException":', "}")):
        body = '{"seq":1,"type":"event","event":"stopped","body":{"reason":"pause","x":' + open * 100000 + "{}" + close * 100000 + "}}"
        raw(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body.encode())
`,
    outcomes: [...obeys, ...ended],
  },
  'sends sources that are made of sources': {
    code: `
def go():
    source = {}
    for _ in range(400):
        source = {"sources": [source]}
    event("loadedSource", {"reason": "new", "source": source})
`,
    outcomes: ended,
  },
  'tells that a condition has failed in a source that is made of sources': {
    code: `
deep = {}
for _ in range(400):
    deep = {"sources": [deep]}
answers["stackTrace"] = {"stackFrames": [{"id": 1, "name": "a", "line": 1, "column": 1, "source": deep}]}
def go():
    event("stopped", {"reason": "exception", "threadId": 1, "text": "error evaluating expression: x"})
`,
    outcomes: ended,
  },
  'says what takes long to read': {
    code: `
def go():
    slow = "{eval err: [%!e(*scanner.Error=&{{" + "} " * 42
    for text in [slow * (16000 // len(slow))] * 100 + ["{eval err: &{%!e(string=" * 400000, "{eval err: [%!e(*scanner.Error=&{{" + "} " * 4000000]:
        event("output", {"category": "console", "source": {"name": "a"}, "output": "> [Go 1]: " + text})
`,
    outcomes: ['cancelled', 'exited'],
  },
  'tells of processes without end': {
    code: `
def go():
    for at in range(5000):
        event("debugpyAttach", {"connect": {"host": "127.0.0.1", "port": 1}, "subProcessId": at + 1})
`,
    outcomes: obeys,
  },
  ...Object.fromEntries(Object.entries({
    'another protocol': 'b"HTTP/1.1 200 OK\\r\\n\\r\\n<html>"',
    'a negative length': 'b"Content-Length: -1\\r\\n\\r\\n{}"',
    'a header without end': 'b"X" * 1000000',
    'JSON that is no message': 'b"Content-Length: 4\\r\\n\\r\\nnull"',
    'no JSON': 'b"Content-Length: 4\\r\\n\\r\\nnulx"',
  }).map(([what, bytes]): [string, Attack] => [`sends ${what}`, { code: `\ndef go():\n    raw(${bytes})\n`, outcomes: ended }])),
  'leads to files of this machine': {
    code: `
paths = ["/etc/passwd", "file:///etc/passwd", "/workspace/../etc/passwd", "/workspace/../../home/me/x", "//etc/passwd", "/workspacex/a", "C:\\\\Windows\\\\a", "CANARY", "file://CANARY", "/home/me/a", "a\\0b", "", "\\\\\\\\host\\\\share", "http://example.com/a", "vscode://a", "command:a"]
sources = [{"path": path, "name": path, "sources": [{"path": path}], "origin": path, "adapterData": {"path": path}, "checksums": []} for path in paths]
answers["stackTrace"] = {"stackFrames": [{"id": at, "name": "a", "line": 1, "column": 1, "source": source, "instructionPointerReference": "0x1", "moduleId": 1} for at, source in enumerate(sources)]}
answers["scopes"] = {"scopes": [{"name": "a", "variablesReference": 1, "expensive": False, "source": source} for source in sources]}
answers["loadedSources"] = {"sources": sources}
def go():
    for source, path in zip(sources, paths):
        event("output", {"output": "a", "source": source, "line": 1, "urlLabel": path})
        event("loadedSource", {"reason": "new", "source": source})
        event("breakpoint", {"reason": "new", "breakpoint": {"verified": True, "source": source}})
        event("module", {"reason": "new", "module": {"id": 1, "name": "a", "path": path, "symbolFilePath": path}})
        event("process", {"name": path, "systemProcessId": 1, "isLocalProcess": True})
`,
    outcomes: obeys,
    check: (client) => {
      const paths = new Set<string>();
      const look = (value: unknown) => {
        if (typeof value !== 'object' || value === null) return;
        for (const [key, each] of Object.entries(value)) {
          if (/^(?:path|symbolFilePath)$/.test(key)) paths.add(each);
          look(each);
        }
      };
      look(client.received);
      expect([...paths]).to.deep.equal([]);
    },
  },
  'names things so that they act': {
    code: `
bad = "a\\x1b]52;c;eA==\\x07\\r\\n\\u202eb\\u2028c\\x9bd\\0"
place = {"name": bad, "origin": "a"}
answers["threads"] = {"threads": [{"id": 1, "name": bad}]}
answers["stackTrace"] = {"stackFrames": [{"id": 1, "name": bad, "line": 1, "column": 1, "source": place}]}
answers["scopes"] = {"scopes": [{"name": bad, "variablesReference": 1, "expensive": False}]}
answers["variables"] = {"variables": [{"name": bad, "value": "1", "variablesReference": 0}]}
answers["completions"] = {"targets": [{"label": bad}]}
answers["initialize"] = {"exceptionBreakpointFilters": [{"filter": "a", "label": bad}]}
def go():
    event("process", {"name": bad})
    event("module", {"reason": "new", "module": {"id": 1, "name": bad}})
    event("loadedSource", {"reason": "new", "source": place})
`,
    outcomes: obeys,
    check: (client) => {
      const names: string[] = [];
      JSON.stringify(client.received, (key, value) => {
        if ((key === 'name' || key === 'label') && typeof value === 'string') names.push(value);
        return value;
      });
      expect(names.filter((each) => each.includes('52;c')).length).to.be.above(4);
      expect(names.join('')).not.to.match(/[\0-\x1f\x7f-\x9f\u2028\u202e]/);
    },
  },
  'tells events that no client has asked for': {
    code: `
def go():
    event("progressStart", {"progressId": "1", "title": "a", "cancellable": True})
    event("progressEnd", {"progressId": "1"})
    event("memory", {"memoryReference": "1", "offset": 0, "count": 1})
    event("capabilities", {"capabilities": {"supportsStepBack": True}})
    event("output", {"category": "telemetry", "output": "a"})
    event("debugpyAttach", {"connect": {"host": "127.0.0.1", "port": 22}})
    event("__proto__", {})
    event("output", {"category": "important", "output": "b", "variablesReference": 2 ** 53, "group": "end", "line": -2 ** 60, "column": "1", "data": {"a": 1}})
    event("output", {"category": 7, "output": 7})
    event("continued", {"threadId": "1"})
    event("stopped", "pause")
`,
    outcomes: obeys,
    check: (client) => expect(client.received.filter(({ type }) => type === 'event').map(({ event }) => event).filter((event) => event !== 'initialized')).to.have.members(['stopped', 'output', 'terminated']),
  },
  'answers in lies of every type': {
    code: `
def answer(request, body):
    command = request["command"]
    if command in ("initialize", "launch", "configurationDone", "disconnect", "setBreakpoints"):
        return send(type="response", request_seq=request["seq"], success=True, command=command, body={"supportsStepBack": True, "supportsRestartRequest": 1, "supportsConfigurationDoneRequest": "yes", "exceptionBreakpointFilters": [7, {}, {"filter": 1}]})
    send(type="response", request_seq=request["seq"], success=False, command=command, message="x" * 100000, body={"error": {"id": 1, "format": "{a}", "variables": {"a": 7}, "url": "http://example.com", "urlLabel": "click", "showUser": True}})
`,
    outcomes: obeys,
    check: (client) => expect(JSON.stringify(client.received)).not.to.contain('example.com').and.not.to.contain('supportsStepBack'),
  },
  'tells values of 10 MB': {
    code: `
answers["variables"] = {"variables": [{"name": "a", "value": "x" * 10_000_000, "variablesReference": 0}]}
answers["evaluate"] = {"result": "x" * 10_000_000, "variablesReference": 2 ** 31}
answers["threads"] = {"threads": [{"id": at, "name": "a"} for at in range(40_000)]}
`,
    outcomes: obeys,
  },
  'prints without end': {
    code: `
def go():
    while True:
        event("output", {"category": "stdout", "output": "x" * 1000})
`,
    outcomes: ['outputLimit'],
    limits: { outputBytes: 2 ** 20 },
    check: (client) => expect(client.events('output').map(({ output }) => output).join('').length).to.be.at.most(2 ** 20),
  },
  'never answers': { silent: true, code: '\nsilent = {"initialize", "launch", "configurationDone", "disconnect", "threads"}\n', outcomes: obeys },
  'answers nothing that comes after its introduction': {
    silent: true,
    code: '\nsilent = {"threads", "stackTrace", "scopes", "variables", "evaluate", "disconnect"}\n',
    outcomes: obeys,
    check: (client) => expect(answersTo(client, 'disconnect').map(({ success }) => success)).to.deep.equal([true]),
  },
  'closes what it speaks on, and stays': {
    silent: true,
    code: `
def go():
    if connection:
        connection.shutdown(socket.SHUT_WR)
    os.close(target)
    if not connection:
        os.close(1)
    time.sleep(1000)
`,
    outcomes: [...obeys, ...ended],
  },
  'connects a second time': {
    connected: true,
    code: `
def go():
    global target
    before = target
    try:
        other = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)
        target = other.fileno()
        say("forged")
    except OSError:
        pass
    target = before
`,
    outcomes: obeys,
    check: (client) => expect(JSON.stringify(client.received)).not.to.contain('forged'),
  },
  'leaves processes that hold all that it had': {
    code: `
def go():
    for _ in range(10):
        subprocess.Popen(["/usr/bin/sleep", "54321"], start_new_session=True, close_fds=False, pass_fds=[target])
    os._exit(0)
`,
    outcomes: ['exited', 'signaled', 'cancelled'],
  },
};
