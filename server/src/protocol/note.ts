/** The types of the notes, which explain shapes and their fields in the documents. */

/**
 * The notes of one shape: the name of a field → what it means, where its name and type do not already say so. The
 * empty name stands for the shape itself, and `outer.inner` for a field of a nested object.
 */
export type Notes = Readonly<Record<string, string>>;

/** The name of a shape → its notes. They are made by functions, because a start needs none of them. */
export type ShapeNotes = Readonly<Record<string, Notes>>;
