/**
 * The thread beside a debugged program that carries the messages of the inspector between the program's main thread and the
 * bridge, over a socket pair. So no port is opened, and messages pass while the program is paused.
 */
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { BEGUN, setGate, type Gate } from './gate.ts';
import { frame, FrameReader, MAX_FRAME_BYTES } from './frames.ts';
import { shorten } from './shorten.ts';

/** The descriptor of the program's end of the socket pair. */
export const CHANNEL = 3;

/** Messages to this thread itself: the program may begin, and which scripts have a gate. */
export const BEGIN = 'Bridge.begin';
export const GATE = 'Bridge.gate';

/** Another one, which is not answered: what the program is, where that was not known when it was started. It comes before BEGIN. */
export const BECOME = 'Bridge.become';

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params?: object;
}

/**
 * @param memory that is shared with the threads of the program
 * @param become takes to the main thread what the program is
 */
export function carry(process: NodeJS.Process, { memory, become }: { readonly memory: Int32Array; become(params: unknown): void }): void {
  const session = new Session();
  session.connectToMainThread();
  const socket = new Socket({ fd: CHANNEL, readable: true, writable: true });
  const send = (message: object) => {
    const bytes = frame(JSON.stringify(message));
    if (bytes.length <= MAX_FRAME_BYTES) socket.write(bytes);
    else if ('id' in message) socket.write(frame(JSON.stringify({ id: message.id, error: { message: 'The answer is too large.' } })));
  };
  let main: number | undefined;
  session.on('inspectorNotification', (message: { method: string; params?: { context?: { id: number }; executionContextId?: number } }) => {
    send(message);
    if (message.method === 'Runtime.executionContextCreated') main ??= message.params?.context?.id;
    // The program has ended, and waits for those who debug it.
    if (message.method === 'Runtime.executionContextDestroyed' && message.params?.executionContextId === main) session.disconnect();
  });
  const reader = new FrameReader((text) => {
    const { id, method, params } = JSON.parse(text) as Call;
    if (method === BECOME) return become(params);
    if (method === GATE) setGate(memory, (params as { readonly gate: Gate }).gate);
    if (method === BEGIN) {
      Atomics.store(memory, BEGUN, 1);
      Atomics.notify(memory, BEGUN);
    }
    if (method === BEGIN || method === GATE) return send({ id, result: {} });
    try {
      session.post(method, params, (error: Error | null, result?: object) => {
        send(error ? { id, error: { message: error.message } } : { id, result: shorten(result ?? {}) });
      });
    } catch (fault) {
      // The session is no longer connected.
      send({ id, error: { message: String(fault) } });
    }
  });
  socket.on('data', (chunk: Buffer) => reader.push(chunk));
  socket.on('error', () => undefined);
  // Without its bridge nobody could let the program go on. It leads a process group of its own, but for one in a terminal.
  socket.on('close', () => {
    try {
      process.kill(-process.pid, 'SIGKILL');
    } catch {
      process.kill(process.pid, 'SIGKILL');
    }
  });
}
