/** The version in package.json, which the bundler inserts. Undefined when the daemon runs from source. */
declare const __VERSION__: string | undefined;
/** The id of the bundle, which differs whenever anything in the bundle differs. */
declare const __BUILD__: string;
