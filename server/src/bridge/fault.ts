/** Why a daemon cannot be reached, or is not reached any more. */
import { ProtocolError } from '../protocol/index.ts';

/**
 * `address`: nothing answers there; `token`: it lets nobody in with this token, or without one; `tls`: its certificate is not
 * trusted; `ssh`: ssh has failed; `settings`: it was not called, because the address, the token or a file is wrong; `refused`: it answers, and lets nobody in; `other`: what answers is no daemon.
 */
export type Reason = 'address' | 'token' | 'tls' | 'ssh' | 'settings' | 'refused' | 'other';

/** The message is for a person, and says what to do. */
export class CannotConnect extends Error {
  constructor(readonly reason: Reason, message: string) {
    super(message);
  }

  /** As the answer to a client. */
  get answer(): ProtocolError {
    return new ProtocolError('DaemonUnreachable', this.message, { reason: this.reason });
  }
}
