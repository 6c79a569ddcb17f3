/** Opens the channels that a client asks for beside the one for messages. */
import { type Clock, deadline } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Channels, ChannelWishes } from '../../protocol/index.ts';
import type { ByteStream } from '../streams.ts';
import { DataChannel } from './data-channel.ts';
import { MAX_PAYLOAD_BYTES } from './frames.ts';
import { DATA_WINDOW_BYTES } from './inbound-stream.ts';
import { type DataLink, streamLink } from './link.ts';
import { StatusChannel } from './status-channel.ts';

/** What a connection can make channels from. */
export interface ChannelWays {
  /** Connects to a pipe on which the client listens. Absent: the client may be on another machine, so its pipes are none of ours. */
  pipe?(path: string): Promise<ByteStream>;
  /** The binary messages of the connection itself. Absent: it has none. */
  readonly binary?: DataLink;
}

export interface OpenChannels {
  readonly data: DataChannel | undefined;
  readonly status: StatusChannel | undefined;
  /** What the client is told of them. */
  readonly granted: Channels;
  close(): void;
}

/** `initialize` waits at most this long for the pipes of the client. */
const CONNECT_MS = 2_000;

/** A channel that can't be opened is left out, and the log says why. Never rejects. */
export async function openChannels(wishes: ChannelWishes, ways: ChannelWays, { clock, log }: { clock: Clock; log: Log }): Promise<OpenChannels> {
  const connect = async (name: string, path: string | undefined): Promise<ByteStream | undefined> => {
    if (path === undefined) return undefined;
    if (!ways.pipe) {
      log.warn(`there is no ${name} channel, because this daemon connects to no pipes`);
      return undefined;
    }
    const connecting = ways.pipe(path);
    return deadline(clock, CONNECT_MS, connecting, () => new Error('nobody listens there')).catch((fault: unknown) => {
      void connecting.then((late) => late.dispose(), () => undefined);
      log.warn(`there is no ${name} channel, because the daemon can't connect to the pipe of the client`, fault);
      return undefined;
    });
  };
  const [dataPipe, statusPipe] = await Promise.all([connect('data', wishes.data?.pipe), connect('status', wishes.status?.pipe)]);
  const link = dataPipe ? streamLink(dataPipe) : wishes.data && wishes.data.pipe === undefined ? ways.binary : undefined;
  const data = link && new DataChannel(link, log);
  const status = statusPipe && new StatusChannel(statusPipe);
  return {
    data,
    status,
    granted: {
      ...(data ? { data: { windowBytes: DATA_WINDOW_BYTES, maxFrameBytes: MAX_PAYLOAD_BYTES } } : {}),
      ...(status ? { status: {} } : {}),
    },
    close() {
      data?.close();
      status?.close();
    },
  };
}
