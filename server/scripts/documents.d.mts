export interface DocumentPage {
  readonly name: string;
  readonly title: string;
  readonly html: string;
}

export interface Rendered {
  readonly title: string;
  readonly body: string;
  readonly headings: readonly { readonly level: number; readonly id: string; readonly text: string }[];
}

export function documents(): Promise<DocumentPage[]>;
export function rendered(page: { readonly path: string; readonly text: string }, names: ReadonlyMap<string, string>): Rendered;
export function anchorOf(title: string): string;
