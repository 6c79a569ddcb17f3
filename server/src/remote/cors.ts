/** Lets pages of the origins that may call this daemon read its answers (the Fetch standard, section 3.2). */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** @returns whether it was only the question of a browser, which has been answered */
export function allowPages({ headers, method }: IncomingMessage, response: ServerResponse, origins: readonly string[]): boolean {
  const { origin } = headers;
  if (origin === undefined || !origins.includes(origin)) return false;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Vary', 'Origin');
  if (method !== 'OPTIONS') return false;
  response.writeHead(204, { 'Access-Control-Allow-Methods': 'GET, POST', 'Access-Control-Allow-Headers': 'authorization, content-type', 'Access-Control-Max-Age': '600', Connection: 'close' }).end();
  return true;
}
