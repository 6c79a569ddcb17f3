/** Checks the imports of files against the map in floors.js, and finds circular imports. */
import { posix } from 'node:path';
import ts from 'typescript';
import { importFault } from '../../floors.js';
import type { SourceFile } from './files.ts';

export function importFaults(file: SourceFile): string[] {
  return importsOf(file).flatMap((name) => {
    const fault = importFault(file.path, name);
    return fault === undefined ? [] : [`${file.path} imports ${name}: ${fault}`];
  });
}

/** Returns every circle once, with its files in alphabetical order. Imports of types and `import()` count. */
export function importCircles(files: readonly SourceFile[]): string[][] {
  const graph = new Map(files.map((file) => [file.path, importsOf(file).map((name) => posix.join(posix.dirname(file.path), name))]));
  return stronglyConnected(graph).filter((circle) => circle.length > 1).map((circle) => circle.sort());
}

function importsOf({ path, text }: SourceFile): string[] {
  if (!/^(?:server|client-vscode)\/src\/.*\.ts$/.test(path)) return [];
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** Tarjan's algorithm. Edges to nodes that are not in the graph are ignored. */
function stronglyConnected(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const visit = (node: string): number => {
    const number = order.size;
    order.set(node, number);
    lowest.set(node, number);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue;
      const reached = order.has(next) ? (stack.includes(next) ? (order.get(next) as number) : Infinity) : visit(next);
      lowest.set(node, Math.min(lowest.get(node) as number, reached));
    }
    if (lowest.get(node) === number) found.push(stack.splice(stack.indexOf(node)));
    return lowest.get(node) as number;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}
