/** The progress of one token, of which several steps tell as if each were all: a client hears of one beginning and of one end. */
interface Value {
  readonly kind?: unknown;
  readonly title?: unknown;
  readonly message?: unknown;
}

export class Told {
  readonly #send: (value: object) => void;
  #begun = false;

  constructor(send: (value: object) => void) {
    this.#send = send;
  }

  static looksLike(body: Buffer): boolean {
    return body.includes('/progress"');
  }

  /** Takes the value of a notification `$/progress`. */
  tell(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const { kind, title, ...rest } = value as Value;
    if (kind === 'end') return;
    if (kind !== 'begin' || !this.#begun) this.#send(value);
    else this.#send({ kind: 'report', ...rest, message: rest.message ?? title });
    this.#begun ||= kind === 'begin';
  }

  /** Nothing more is told. */
  end(): void {
    if (this.#begun) this.#send({ kind: 'end' });
  }
}
