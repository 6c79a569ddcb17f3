/** How the client counts lines and columns, and what else it has said about itself. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Place } from './source-map.ts';

export class View {
  readonly #line: number;
  readonly #column: number;

  constructor({ linesStartAt1 = true, columnsStartAt1 = true }: Partial<DebugProtocol.InitializeRequestArguments> = {}) {
    this.#line = linesStartAt1 ? 1 : 0;
    this.#column = columnsStartAt1 ? 1 : 0;
  }

  /** A place that counts from 0, as the client counts. */
  show({ line, column }: Place): Place {
    return { line: line + this.#line, column: column + this.#column };
  }

  /** A place that the client has named, counting from 0. Without a column it is the beginning of the line. */
  read(line: number, column?: number): Place {
    return { line: Math.max(0, line - this.#line), column: column === undefined ? 0 : Math.max(0, column - this.#column) };
  }
}
