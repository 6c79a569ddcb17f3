/** The secrets of a run, as they go into the parameters of its session. */
export interface NeededSecrets {
  readonly secrets?: Readonly<Record<string, string>>;
  /** Those that the editor does not have: the daemon's configuration may have them. */
  readonly secretNames?: readonly string[];
}
