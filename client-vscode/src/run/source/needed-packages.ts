/** What a program needs of packages. */

export interface NeededPackages {
  /** Relative to the folder that is copied. */
  readonly manifest: string | undefined;
  readonly names: readonly string[];
  /** What the manifest says: another text needs another sandbox. */
  readonly text: string;
}
