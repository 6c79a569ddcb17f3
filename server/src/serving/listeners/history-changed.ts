/** Sends `history/changed`, if the client wants it. */
import type { History } from '../../history/history.ts';
import { HistoryChanged } from '../../protocol/index.ts';
import type { Client } from '../../wire/service.ts';

/** Sends one notification at a time, so a client that reads slowly gets fewer. Calling the returned function ends it. */
export function tellHistory(history: Pick<History, 'watch'>, client: Client): () => void {
  if (!client.capabilities.history?.changed) return () => undefined;
  let isDue = false;
  let busy = false;
  const tell = async (): Promise<void> => {
    busy = true;
    while (isDue) {
      isDue = false;
      await client.notify(HistoryChanged, {});
    }
    busy = false;
  };
  return history.watch(() => {
    isDue = true;
    if (!busy) void tell();
  });
}
