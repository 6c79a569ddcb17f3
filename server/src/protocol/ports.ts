/** The shapes of the ports of sessions. */
import * as z from 'zod/mini';
import { later } from './later.ts';
import type { ShapeNotes } from './note.ts';
import { sessionId } from './sessions.ts';

const portNumber = () => z.int().check(z.minimum(1), z.maximum(65_535));

export const PortsForwardParams = later(() => z.object({
  sessionId: sessionId(),
  port: portNumber(),
  hostPort: z.optional(z.int().check(z.minimum(0), z.maximum(65_535))),
}));

export const PortsForwardResult = later(() => z.object({
  sessionId: sessionId(),
  port: portNumber(),
  hostPort: portNumber(),
  address: z.literal('127.0.0.1'),
}));
export type PortsForwardResult = z.infer<typeof PortsForwardResult>;

export const Port = later(() => z.object({ port: portNumber(), listening: z.boolean(), hostPort: z.optional(portNumber()) }));
export type Port = z.infer<typeof Port>;

export const PortsListResult = later(() => z.object({ ports: z.array(Port) }));

export const PortsCloseParams = later(() => z.object({ sessionId: sessionId(), port: portNumber() }));
export const PortsCloseResult = later(() => z.object({ sessionId: sessionId(), port: portNumber(), closed: z.literal(true) }));

export const PortsChangedParams = later(() => z.object({ sessionId: sessionId(), ports: z.array(portNumber()) }));

const port = 'A TCP port inside the sandbox.';

/** The notes of these shapes (see notes.ts). */
export const portsNotes = (): ShapeNotes => ({
  PortsForwardParams: {
    port,
    hostPort: 'The port of the daemon’s machine that is to lead to it. One that is taken is refused (-32602). Default, and for 0: the same number if that is free, or any other.',
  },
  PortsForwardResult: {
    port,
    hostPort: 'The port of the daemon’s machine that leads to it.',
    address: 'The address at which the daemon’s machine listens.',
  },
  PortsListResult: { ports: 'Sorted by `port`.' },
  Port: {
    '': 'A port of a session on which a program listens, or that is forwarded.',
    port,
    listening: 'Whether a program of the session listens there.',
    hostPort: 'The port of the daemon’s machine that leads to it. Absent: it is not forwarded.',
  },
  PortsCloseParams: { port },
  PortsCloseResult: { port },
  PortsChangedParams: { ports: 'All TCP ports on which programs of the session listen now, sorted.' },
});
