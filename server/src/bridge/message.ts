/** Messages that the bridge itself looks into. Most it passes on as they are. */

/** undefined: it is no message. */
export function parsed(body: Buffer | undefined): Message | undefined {
  try {
    const message: unknown = body && JSON.parse(body.toString());
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}

export interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}
