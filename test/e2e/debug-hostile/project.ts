/** A folder of a person whose programs in Python are debugged by a made-up adapter that attacks the editor. Each editor is tested with the same folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sourceFile } from '../command-line.ts';
import { adapterText, canary, EVIL, places } from './places.ts';

const { env, files } = places.python as (typeof places)[string];

/** With these variables the made-up adapter debugs; without them debugpy does. */
export const hostileEnv = env;

/** A file of this machine that the sandbox does not have. */
const hostFile = sourceFile('private.txt', 'nothing for a sandbox');

/** The name of a task of the editor that makes the canary. */
const TASK = 'canary';

/**
 * The program stops at once. By then the adapter has asked for programs on this machine, in both ways that the protocol
 * has, and has said how that was answered. When the program is to go on, a message of 1 GiB comes.
 */
const attack = `
name = "a\\x1b]52;c;eA==\\x07\\r\\n\\u202eb\\0"
paths = ["/etc/passwd", "${hostFile}", "/workspace/../etc/shadow", "/workspace/main.py"]
answers["initialize"] = {"supportsConfigurationDoneRequest": True}
answers["threads"] = {"threads": [{"id": 1, "name": name}]}
answers["stackTrace"] = {"stackFrames": [{"id": at + 1, "name": name, "line": 1, "column": 1, "source": {"path": path, "name": name}} for at, path in enumerate(paths)], "totalFrames": len(paths)}
answers["scopes"] = {"scopes": [{"name": name, "variablesReference": 1, "expensive": False}]}
answers["variables"] = {"variables": [{"name": name, "value": "x" * 10_000_000, "variablesReference": 0}]}
plain = answer
refused = []

def answer(request, body):
    if request["command"] == "launch":
        say("launched with %s" % json.dumps(request["arguments"]))
    if request["command"] == "continue":
        raw(b"Content-Length: 1073741824\\r\\n\\r\\n" + b"x" * 1_000_000)
        time.sleep(1000)
    plain(request, body)

def answered(message):
    refused.append((message["command"], message["success"]))
    if len(refused) == 2:
        say("refused %s" % refused)

def go():
    send(type="response", request_seq=4711, success=True, command="evaluate", body={"result": "forged", "variablesReference": 0})
    send(type="request", command="runInTerminal", arguments={"kind": "integrated", "cwd": "/", "args": ["touch", "${canary}"], "env": {}})
    send(type="request", command="startDebugging", arguments={"request": "launch", "configuration": {"type": "codebeaker", "name": "again", "program": "/workspace/main.py", "preLaunchTask": "${TASK}"}})
`;

/** What the console has when both requests were refused. */
export const REFUSED = "refused [('runInTerminal', False), ('startDebugging', False)]";

/** Characters that would act in a terminal or a view. */
export const ACTING = /[\0-\x1f\x7f-\x9f\u202e]/;

/** The files of the folder. `main.py` is debugged by the made-up adapter, and `fine.py` afterwards, without it. */
export const hostileFiles: Readonly<Record<string, string>> = {
  'main.py': 'print("never printed")\n',
  'fine.py': 'answer = 6 * 7\nprint("fine", answer)\n',
  'evil/adapter.py': adapterText,
  'evil/attack.py': attack,
  ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`${basename(EVIL)}/${path}`, text])),
  '.vscode/tasks.json': JSON.stringify({ version: '2.0.0', tasks: [{ label: TASK, type: 'process', command: 'touch', args: [canary], presentation: { reveal: 'never' } }] }),
};

/** Writes the files into a folder that exists. */
export function layOut(folder: string): void {
  for (const [path, text] of Object.entries(hostileFiles)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
