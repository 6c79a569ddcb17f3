/** zod leaves the key `__proto__` out of every record. Where nothing may be lost silently, the key is an error. */
import * as z from 'zod/mini';

/** The same record, but it refuses the key `__proto__`. */
export function keepingAll<S extends z.core.$ZodType>(record: S) {
  const refuse = (value: unknown, { issues }: z.core.ParsePayload): unknown => {
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
      issues.push({ code: 'custom', message: 'this name cannot be used', input: value, path: ['__proto__'] });
    }
    return value;
  };
  return z.pipe(z.transform(refuse), record);
}
