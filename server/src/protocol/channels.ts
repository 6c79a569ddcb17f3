/** The shapes of the channels beside the one for messages: one for raw bytes, and one for what the daemon tells by itself. */
import * as z from 'zod/mini';
import { later } from './later.ts';
import type { ShapeNotes } from './note.ts';
import { count } from './values.ts';

/** The number of a stream of the data channel. */
export const streamNumber = () => z.int().check(z.nonnegative(), z.maximum(2 ** 32 - 1));

const pipe = () => z.object({ pipe: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))) });

export const ChannelWishes = later(() => z.object({ data: z.optional(pipe()), status: z.optional(pipe()) }));
export type ChannelWishes = z.infer<typeof ChannelWishes>;

export const Channels = later(() => z.object({
  data: z.optional(z.object({ windowBytes: count(), maxFrameBytes: count() })),
  status: z.optional(z.object({})),
}));
export type Channels = z.infer<typeof Channels>;

export const OutputStreams = later(() => z.object({ stdout: z.optional(streamNumber()), stderr: z.optional(streamNumber()) }));
export type OutputStreams = z.infer<typeof OutputStreams>;

/** What the fields mean (see notes.ts). */
export const channelsNotes = (): ShapeNotes => ({
  ChannelWishes: {
    '': 'The channels that the client wants beside the one for messages. See "Channels".',
    data: 'For raw bytes of files and of output. `pipe`: the Unix domain socket, or the named pipe on Windows, on which the client listens; the daemon connects to it before it answers `initialize`. Without `pipe`, the binary messages of a WebSocket are the channel.',
    status: 'For progress, states and log messages. `pipe`: as for `data`.',
  },
  Channels: {
    '': 'The channels that the connection has. One that the client asked for and that could not be opened is left out.',
    data: '`windowBytes`: how much of one stream may be sent and not credited, in either direction. `maxFrameBytes`: the most payload of a frame.',
    status: 'Present when what the daemon tells by itself goes over the status channel.',
  },
  OutputStreams: {
    '': 'The streams of the data channel to which output goes as raw bytes, instead of `command/output` and the result. Output that has no stream here goes where it would go without this.',
    stdout: 'For stdout, and for the output of a terminal.',
  },
});
