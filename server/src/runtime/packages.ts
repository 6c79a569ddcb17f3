/** Where the packages that were installed are inside a sandbox, and what of them a sandbox sees. */

/** Below it each environment has a folder of its own, whose name nobody can guess. Programs can pass through, and can't list it. */
export const SHELF = '/.codebeaker/packages';
/** Where Node looks for packages after it has looked in the folders of the program. */
export const MODULES = '/node_modules';

/**
 * `shelf`: all that is on the shelf, which is the folder `path` of the host, to read. `staging`: one folder of the host, to
 * write, at the place that it will have on the shelf under this name.
 */
export type PackagePlace =
  | { readonly kind: 'shelf'; readonly path: string }
  | { readonly kind: 'staging'; readonly path: string; readonly name: string };
