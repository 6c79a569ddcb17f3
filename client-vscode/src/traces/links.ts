/** Makes the paths in the terminal of a run links to the documents, or to files in its sandbox. */
import { posix } from 'node:path';
import type { Code, vscode } from '../base/code.ts';
import type { Consoles } from '../run/consoles.ts';
import { frameOf } from './frame.ts';
import { Locator } from './locate.ts';

interface TraceLink extends vscode.TerminalLink {
  readonly uri: vscode.Uri;
  readonly line: number;
  readonly column: number;
}

/** `path:line:column`, `path(line,column)`, `path:line N` and `"path", line N`. Only a path below /workspace may contain blanks. */
const pattern =
  /(?<path>(?:file:\/\/)?\/(?:[^\s:"'()]+\/)?workspace\/[^:"'()]+?\.\w+|[\w@.~+/-]*\w\.[A-Za-z]\w*)(?:":?,? line |:line |:|\()(?<line>\d+)(?:[:,](?<column>\d+))?/g;

export function traceLinks(code: Code, consoles: Consoles): vscode.TerminalLinkProvider<TraceLink> {
  return {
    async provideTerminalLinks({ line, terminal }) {
      const run = consoles.ofTerminal(terminal)?.run;
      if (!run) return [];
      const locator = new Locator(code, { source: run.spec.source, sessionId: run.session?.sessionId });
      const links = [...line.matchAll(pattern)].map(async (match) => {
        const found = await locator.placeOf(frameOf(match));
        if (!found) return [];
        const tooltip = code.l10n.t('Open {0}', posix.basename(found.uri.path));
        return [{ startIndex: match.index, length: match[0].length, column: 1, ...found, tooltip }];
      });
      return (await Promise.all(links)).flat();
    },
    async handleTerminalLink({ uri, line, column }) {
      const document = await code.workspace.openTextDocument(uri);
      const at = new code.Position(Math.max(0, line - 1), Math.max(0, column - 1));
      await code.window.showTextDocument(document, { selection: new code.Range(at, at) });
    },
  };
}
