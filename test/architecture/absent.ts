/** Checks that files do not contain what is deliberately absent, such as module state, `console` and suppressed checks. */
import ts from 'typescript';
import type { SourceFile } from './files.ts';

const maxLines = 300;

export function absenceFaults(file: SourceFile): string[] {
  const faults = [...sourceFaults(file), ...testFaults(file), ...textFaults(file)];
  return faults.map((fault) => `${file.path}: ${fault}`);
}

function sourceFaults({ path, text }: SourceFile): string[] {
  if (!/^(?:server|client-vscode)\/src\/.*\.ts$/.test(path)) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const faults = source.statements.filter(isMutableState).map((statement) => `module state: ${statement.getText().slice(0, 40)}`);
  const globals = usedGlobals(source);
  if (globals.has('console')) faults.push('console: log through a Log');
  if (globals.has('process') && !/^(?:server\/src\/(?:main\.ts$|cli\/|debug\/node-bridge\/main\.ts$)|client-vscode\/src\/extension\.ts$)/.test(path)) {
    faults.push('process: only the files in which a program starts may use it');
  }
  const lines = text.trimEnd().split('\n').length;
  if (lines > maxLines) faults.push(`it has ${lines} lines, and at most ${maxLines} are allowed`);
  return faults;
}

function isMutableState(statement: ts.Statement): boolean {
  return ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Const) === 0;
}

/** The names that the file uses and does not declare. `globalThis.x` counts as `x`. */
function usedGlobals(source: ts.SourceFile): Set<string> {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node) => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const named = 'name' in parent && parent.name === node;
      if (!named) used.add(node.text);
      else if (ts.isPropertyAccessExpression(parent)) {
        if (parent.expression.getText() === 'globalThis') used.add(node.text);
      } else if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent) || ts.isImportSpecifier(parent)) {
        declared.add(node.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return new Set([...used].filter((name) => !declared.has(name)));
}

function testFaults({ path, text }: SourceFile): string[] {
  if (!/^test\/.*\.ts$/.test(path)) return [];
  const faults: string[] = [];
  if (/\b(?:describe|context|suite|it|test|specify)\.(?:only|skip)\b|\bx(?:it|describe|context|specify)\(/.test(text)) {
    faults.push('a test is switched on or off by hand');
  }
  if (/\bthis\.skip\(/.test(text) && path !== 'test/require.ts') faults.push('a test is skipped without need()');
  if (hasLateNeed(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))) faults.push('a before hook stands before need(), which would then skip what it has made');
  return faults;
}

/** Whether some `before(need(...))` comes after another hook of the same suite, or after a function that adds hooks, such as `useSandbox`. */
function hasLateNeed(source: ts.SourceFile): boolean {
  const matches = (statement: ts.Statement, pattern: RegExp) => pattern.test(statement.getText(source));
  let found = false;
  const visit = (node: ts.Node) => {
    if (ts.isBlock(node)) {
      const first = node.statements.findIndex((statement) => matches(statement, /^(?:before\((?!need\()|(?:const \w+ = )?use[A-Z]\w*\()/));
      found ||= first >= 0 && node.statements.slice(first).some((statement) => matches(statement, /^before\(need\(/));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function textFaults({ path, text }: SourceFile): string[] {
  const faults: string[] = [];
  if (/eslint[-]disable|@ts[-](?:ignore|nocheck)/.test(text)) faults.push('a check is suppressed');
  if (path !== 'package-lock.json' && /(?<![\w$}.*-])\/(?:work|root|farm)(?![\w-])/.test(text)) faults.push('it contains a path of somebody’s machine');
  return faults;
}
