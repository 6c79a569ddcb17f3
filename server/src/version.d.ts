/** The version in package.json. The bundler writes it in; without the bundler there is none. */
declare const __VERSION__: string | undefined;
/** Which bundle this is: another one for every change in it. */
declare const __BUILD__: string;
