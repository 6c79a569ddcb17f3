/** What it means to take a layer of the defence out: one change of the source, and the test that must fail with it. */
export interface Layer {
  /** What the layer is, as a person would call it. */
  readonly name: string;
  readonly file: string;
  /** What stands in the file exactly once. */
  readonly from: string;
  /** What is put in its place, so that the layer is out and everything else goes on. */
  readonly to: string;
  /** The test file that must fail. Where a layer has two, it stands in the table twice. */
  readonly test: string;
  /** A part of the title of the test, where the whole file would take long. */
  readonly title?: string;
  /** Whether the test runs what was built and not the source. */
  readonly built?: boolean;
}
