/** Ports of the program that `codebeaker run --publish` leads to ports of this machine. */
import { type CancellationToken, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import { PortsChanged, PortsForward, type PortsForwardResult } from '../protocol/index.ts';
import { ranges, UsageError, whole } from './quantities.ts';

export interface Published {
  /** The port of the program. */
  readonly port: number;
  /** The port of this machine. undefined: the same number if that is free, or any other. */
  readonly hostPort: number | undefined;
}

/** @throws UsageError */
export function published(given: string): Published {
  const parts = given.split(':');
  const [first = '', second] = parts;
  if (parts.length > 2) throw new UsageError(`--publish needs PORT or PORT-HERE:PORT, such as 8000 or 8080:8000; ${given} is not`);
  const number = (text: string) => whole(text, '--publish', ranges.port);
  return second === undefined ? { port: number(first), hostPort: undefined } : { port: number(second), hostPort: number(first) };
}

/** Leads the ports out, and tells the address of each as soon as the program listens there. @throws ResponseError */
export async function publish(connection: MessageConnection, sessionId: string, wanted: readonly Published[], tell: (message: string) => void, token: CancellationToken): Promise<void> {
  const untold = new Map<number, PortsForwardResult>();
  connection.onNotification(PortsChanged.name, ({ ports }: { ports: readonly number[] }) => {
    for (const port of ports) {
      const forward = untold.get(port);
      if (forward && untold.delete(port)) tell(`the program listens: http://${forward.address}:${forward.hostPort}`);
    }
  });
  for (const each of wanted) {
    const forward = await connection.sendRequest<PortsForwardResult>(PortsForward.name, { sessionId, ...each }, token).catch((fault: unknown) => {
      throw inOptions(fault, each);
    });
    untold.set(each.port, forward);
    if (each.hostPort === undefined && forward.hostPort !== each.port) tell(`port ${each.port} of this machine is taken: port ${forward.hostPort} leads to the program instead`);
  }
}

/** The port of this machine as it was typed. Any other fault as it is. */
function inOptions(fault: unknown, { port, hostPort }: Published): unknown {
  const [, why] = (fault instanceof ResponseError && /^hostPort: (.*?): /.exec(fault.message)) || [];
  if (why === undefined || hostPort === undefined) return fault;
  return new ResponseError((fault as ResponseError<unknown>).code, `--publish ${hostPort}:${port}: ${why}; --publish ${port} takes one that is free`, (fault as ResponseError<unknown>).data);
}
