/** What is said of a shape and its fields. */

/** Field → what it means, where its name and type do not say it. The empty field is the shape itself, and `outer.inner` a field of an object within it. */
export type Notes = Readonly<Record<string, string>>;

/** Shape → its notes. */
export type ShapeNotes = Readonly<Record<string, Notes>>;
