/**
 * Carries the messages of a client in memory over a real WebSocket, whose bytes go through memory as well. So tests that
 * were written for frames see what a client with a WebSocket sees.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../server/src/base/clock.ts';
import type { Log } from '../../server/src/base/log.ts';
import { FrameParser } from '../../server/src/wire/frames.ts';
import type { MessageSink, MessageTransport } from '../../server/src/wire/message-transport.ts';
import { WebSocketTransport } from '../../server/src/wire/websocket.ts';
import { duplexPair } from '../fakes/duplex.ts';
import { frame, type Wire } from './wire.ts';

/** @returns the daemon's end. What the client sends before the WebSocket is open waits. */
export function overWebSocket(wire: Wire, parts: { clock: Clock; log: Log; maxMessageBytes: number }): MessageTransport {
  const [here, there] = duplexPair();
  const coming = new Coming();
  const server = createServer();
  const settings = { noServer: true, perMessageDeflate: false, maxPayload: parts.maxMessageBytes, skipUTF8Validation: true, closeTimeout: 100 };
  const webSockets = new WebSocketServer(settings);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) => coming.come(new WebSocketTransport({ webSocket, socket: socket as Socket, ...parts })));
  });
  server.emit('connection', there);
  // Memory is so quick that the connection can be closed before ws sets the time limit for that; this one is soon over.
  const options = { createConnection: () => here as Socket, perMessageDeflate: false, closeTimeout: 100 };
  const client = new WebSocket('ws://localhost/', options);
  client.on('message', (body: Buffer) => wire.output.write(frame(body)));
  client.on('close', () => wire.stream.dispose());
  client.on('error', () => undefined);
  client.on('open', () => {
    const parser = new FrameParser({ body: (bytes) => client.send(Buffer.from(bytes), { binary: false }), refused: () => undefined, lost: () => client.terminate() }, Infinity);
    wire.input.on('data', (chunk: Buffer) => parser.push(chunk)).on('end', () => client.close());
  });
  return coming;
}

/** A transport that is not there yet. The client speaks first, so nothing is sent before it is. */
class Coming implements MessageTransport {
  #there: MessageTransport | undefined;
  #sink: MessageSink | undefined;
  #closed = false;

  come(transport: MessageTransport): void {
    this.#there = transport;
    if (this.#sink) transport.receive(this.#sink);
    if (this.#closed) transport.close();
  }

  receive(sink: MessageSink): void {
    this.#sink = sink;
  }

  stop(): void {
    this.#there?.stop();
  }

  pause(): void {
    this.#there?.pause();
  }

  resume(): void {
    this.#there?.resume();
  }

  async send(message: object): Promise<void> {
    await this.#there?.send(message);
  }

  get unsentBytes(): number {
    return this.#there?.unsentBytes ?? 0;
  }

  async flushed(): Promise<void> {
    await this.#there?.flushed();
  }

  close(): void {
    this.#closed = true;
    this.#there?.close();
  }
}
