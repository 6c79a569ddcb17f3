/** Where the extension tells what it does: the output channel. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  trace(message: string): void;
}

/** What was thrown, as words. */
export function words(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
