/** Connects to an engine on another machine through ssh, as the docker command does: by `docker system dial-stdio` over there. */
import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import { type SshTarget, startSsh } from '../../../base/ssh.ts';

/** Starts one ssh process for each connection, which ends with it. Users can have ssh share one connection for all (ControlMaster). */
export class SshAgent extends Agent {
  readonly #target: SshTarget;

  constructor(target: SshTarget) {
    super({ keepAlive: false });
    this.#target = target;
  }

  override createConnection(): Duplex {
    return startSsh(this.#target, [], ['docker', 'system', 'dial-stdio']);
  }
}
