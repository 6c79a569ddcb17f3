/** The URIs of files in sandboxes: `codebeaker:/<session>/workspace/a.txt`. */
import type { Code, vscode } from './code.ts';

export const SCHEME = 'codebeaker';

/** @param path absolute, POSIX */
export function fileUri({ Uri }: Code, sessionId: string, path: string): vscode.Uri {
  return Uri.from({ scheme: SCHEME, path: `/${sessionId}${path}` });
}

export function splitUri({ path }: vscode.Uri): { readonly sessionId: string; readonly path: string } {
  const [, sessionId = '', ...rest] = path.split('/');
  return { sessionId, path: `/${rest.join('/')}` };
}
