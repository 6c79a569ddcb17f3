/** Answers of the HTTP front door. All of them have the same headers for browsers, which may guess nothing and keep nothing. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Refusal } from './access.ts';

export const guarded = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'Cross-Origin-Resource-Policy': 'same-origin' };

export function answerText(response: ServerResponse, status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...guarded, 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

export function answerJson(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  answerText(response, status, 'application/json', `${JSON.stringify(body)}\n`, headers);
}

/** Whoever is refused gets the reason, and loses the connection. */
export function refuse(response: ServerResponse, { status, message }: Refusal): void {
  answerJson(response, status, { error: { message } }, { Connection: 'close', ...challenge(status) });
}

/** The same for a request that wants to become a WebSocket, for which there is no ServerResponse. */
export function refuseUpgrade(socket: Socket, { status, message }: Refusal): void {
  const body = `${JSON.stringify({ error: { message } })}\n`;
  const headers = { ...guarded, 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(body), Connection: 'close', ...challenge(status) };
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function challenge(status: number): Record<string, string> {
  return status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {};
}
