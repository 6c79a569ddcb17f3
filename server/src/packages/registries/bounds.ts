/** What the mirrors of one installation may use up, and what went wrong between this machine and the registries. */

export interface MirrorBounds {
  /** Bytes that all mirrors of one installation may fetch together. */
  readonly bytes: number;
  /** Connections from the sandbox to one mirror. More are ended at once. */
  readonly connections: number;
  /** Requests to registries at the same time, for each mirror. More wait. */
  readonly requests: number;
  /** Bytes of the headers of one answer, and of one request. */
  readonly headerBytes: number;
  /** Bytes of a page that is read whole because its links are rewritten. */
  readonly pageBytes: number;
  /** Bytes that one request may send. */
  readonly uploadBytes: number;
  readonly redirects: number;
  /** Origins to which the pages of one mirror may lead. */
  readonly linkedOrigins: number;
}

const MiB = 1024 * 1024;

export const defaultBounds: MirrorBounds = {
  bytes: 8 * 1024 * MiB,
  connections: 256,
  requests: 32,
  headerBytes: 64 * 1024,
  pageBytes: 64 * MiB,
  uploadBytes: 8 * MiB,
  redirects: 10,
  linkedOrigins: 64,
};

/** Refusals of the daemon come before a registry that can't be reached, and that before what a registry itself refuses. */
const troubleRanks = ['answered', 'unreachable', 'refused'] as const;
type TroubleRank = (typeof troubleRanks)[number];

/** Shared by all mirrors of one installation. */
export class Ledger {
  #left: number;
  #trouble: { readonly rank: TroubleRank; readonly words: string } | undefined;

  constructor(readonly bounds: MirrorBounds) {
    this.#left = bounds.bytes;
  }

  /** Returns whether so many bytes may still be fetched. */
  spend(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** `words` is a whole sentence with nothing secret in it. The worst is kept, and the last of those that are equally bad. */
  note(rank: TroubleRank, words: string): void {
    const before = this.#trouble;
    if (!before || troubleRanks.indexOf(rank) >= troubleRanks.indexOf(before.rank)) this.#trouble = { rank, words };
  }

  get trouble(): string | undefined {
    return this.#trouble?.words;
  }
}
