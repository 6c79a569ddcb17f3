/**
 * Part of what runs in Node and in Deno before a program that may be held (Sandbox.hold): the clocks that count from the
 * start of the process leave out the time for which it was held. Inside, the process goes on to count all of it: what a
 * program is told is put right here, and so is what it tells.
 */

/** When a process was held, and for how long. If that is no longer than a start takes, nobody can tell, and it counts as 0. */
function heldFor(begin, end) {
  const START_MS = 20;
  // Sums of whole numbers are exact.
  const waited = Math.floor(end - begin);
  return { begin, waited: waited < Math.max(begin, START_MS) ? 0 : waited };
}

/** The clocks leave out `held`, which is asked whenever they are. Returns how they tell a time of the process. */
function correctClocks(held, { PerformanceEntry }) {
  const told = (time) => (time > held.begin ? time - held.waited : time);
  const meant = (time) => (typeof time === "number" ? time + held.waited : time);
  const getter = (object, name) => Object.getOwnPropertyDescriptor(object, name)?.get;
  /** Puts these members in the place of those that are there. */
  const change = (object, members) => {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(members))) {
      const original = Object.getOwnPropertyDescriptor(object, name);
      if (original) Object.defineProperty(object, name, { ...member, enumerable: original.enumerable });
    }
  };

  const { prototype } = performance.constructor;
  const { now, mark, measure } = prototype;
  const origin = getter(prototype, "timeOrigin");
  change(prototype, {
    now() {
      return told(now.call(this));
    },
    get timeOrigin() {
      return origin.call(this) + held.waited;
    },
    mark(name, options = {}) {
      if (typeof options?.startTime !== "number") return mark.apply(this, arguments);
      return mark.call(this, name, { ...options, startTime: meant(options.startTime) });
    },
    measure(name, options = {}, endMark = undefined) {
      if (arguments.length === 0) return measure.call(this);
      const { start, end = endMark, duration, ...others } = typeof options === "object" && options !== null ? options : { start: options ?? undefined };
      const at = (mark) => (typeof mark === "string" ? (this.getEntriesByName(mark, "mark").at(-1)?.startTime ?? this.nodeTiming?.[mark]) : mark);
      const [first, last] = [at(start), at(end)];
      const wrong = [first, last, duration].some((time) => time !== undefined && typeof time !== "number") || (start !== undefined && first === undefined) || (end !== undefined && last === undefined);
      // The original says what is wrong.
      if (wrong || (first !== undefined && last !== undefined && duration !== undefined) || (endMark !== undefined && options !== null && Object.keys(options).length > 0 && typeof options === "object")) {
        return measure.apply(this, arguments);
      }
      const begins = first ?? (last !== undefined && duration !== undefined ? last - duration : 0);
      const ends = last ?? (duration === undefined ? undefined : begins + duration);
      return measure.call(this, name, { ...others, start: meant(begins), ...(ends === undefined ? {} : { end: meant(ends) }) });
    },
  });
  const startTime = getter(PerformanceEntry.prototype, "startTime");
  change(PerformanceEntry.prototype, {
    get startTime() {
      return told(startTime.call(this));
    },
  });
  const timeStamp = getter(Event.prototype, "timeStamp");
  change(Event.prototype, {
    get timeStamp() {
      return told(timeStamp.call(this));
    },
  });
  return told;
}
