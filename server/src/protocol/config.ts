/** The shape of the configuration file. An unknown key is an error. */
import * as z from 'zod/mini';
import { AuditConfig } from './audit.ts';
import { HistoryConfig } from './history.ts';
import { keepingAll } from './keeping-all.ts';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import { PackagesConfig } from './packages.ts';
import { SecretsConfig } from './secrets.ts';
import { Prices, QuotasConfig, RatesConfig } from './usage.ts';
import { ScanConfig } from './scan.ts';
import { absolutePath, count, Network, PartialLimits, positive, Preference } from './values.ts';
import type { ShapeNotes } from './note.ts';

/** The id of a runtime that the configuration adds. It must differ from the ids of the built-in runtimes (see cli/runtimes.ts). */
const runtimeId = () => z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]*$/, 'an id consists of lower-case letters, digits, . _ and -'));
const ociName = () => z.string().check(z.minLength(1));

/** A name of an image as `docker pull` takes it, or the id of an image. */
const IMAGE = /^(?:sha256:[0-9a-f]{64}|(?:(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[a-z0-9+.]+:[0-9a-f]{32,})?)$/;
const image = () => z.string().check(z.regex(IMAGE, 'an image is named in lower-case letters, such as python:3.12 or registry.example:5000/team/python'));
const ENGINE = /^(?:unix:\/\/(?:\/.*)?|npipe:\/\/.*|(?:(?:tcp|https?|ssh):\/\/)[^\s/]+\/?|[^\s/:]+:\d+)$/;
/** What programs of sessions with a network trust. */
const certificates = () => z.union([z.string().check(z.regex(/^(?:host$|image$|\/|[A-Za-z]:[\\/])/, 'must be host, image, or an absolute path')), z.array(absolutePath()).check(z.minLength(1))]);

const MiB = 1024 * 1024;

/** PATH_MAX of Linux, and what one message can carry besides. */
export const SizesConfig = later(() => z.strictObject({
  codeBytes: z.optional(z.int().check(z.gte(1024), z.lte(32 * MiB))),
  messageBytes: z.optional(z.int().check(z.gte(MiB), z.lte(256 * MiB))),
  pathBytes: z.optional(z.int().check(z.gte(64), z.lte(4096))),
}));
export type SizesConfig = z.infer<typeof SizesConfig>;

/** A runtime that is one of the engine's OCI runtimes. */
export const OciRuntimeConfig = later(() => z.strictObject({ ociRuntime: z.optional(ociName()), isolation: z.number().check(z.gte(0), z.lte(10)) }));

export const Config = later(() => z.strictObject({
  $schema: z.optional(z.string()),
  preference: z.optional(Preference),
  images: z.optional(keepingAll(z.partialRecord(LanguageId, image()))),
  allowedImages: z.optional(z.array(image())),
  limits: z.optional(z.strictObject(PartialLimits.shape)),
  maxLimits: z.optional(z.strictObject(PartialLimits.shape)),
  sessions: z.optional(
    z.strictObject({
      max: z.optional(positive()),
      idleTimeoutMs: z.optional(count()),
      maxLifetimeMs: z.optional(count()),
      graceMs: z.optional(count()),
      maxGraceMs: z.optional(count()),
    }),
  ),
  network: z.optional(
    z.strictObject({
      modes: z.optional(z.array(Network.shape.mode)),
      hosts: Network.shape.hosts,
      connections: z.optional(positive()),
      bytes: z.optional(positive()),
      idleTimeoutMs: z.optional(positive()),
      certificates: z.optional(certificates()),
    }),
  ),
  packages: z.optional(PackagesConfig),
  audit: z.optional(AuditConfig),
  history: z.optional(HistoryConfig),
  rates: z.optional(RatesConfig),
  quotas: z.optional(QuotasConfig),
  prices: z.optional(Prices),
  scan: z.optional(ScanConfig),
  sizes: z.optional(SizesConfig),
  secrets: z.optional(SecretsConfig),
  drain: z.optional(z.strictObject({ deadlineMs: z.optional(count()) })),
  stateDir: z.optional(absolutePath()),
  pool: z.optional(keepingAll(z.record(z.string(), keepingAll(z.partialRecord(LanguageId, count()))))),
  docker: z.optional(
    z.strictObject({
      host: z.optional(z.string().check(z.regex(ENGINE, 'must look like unix:///path, tcp://name:port or ssh://user@name'))),
      ociRuntime: z.optional(ociName()),
      runtimes: z.optional(keepingAll(z.record(runtimeId(), OciRuntimeConfig))),
    }),
  ),
  telemetry: z.optional(z.strictObject({ otlpEndpoint: z.optional(z.string().check(z.regex(/^https?:\/\/[^\s]+$/, 'must begin with http:// or https://'))) })),
  log: z.optional(
    z.strictObject({
      level: z.optional(z.enum(['error', 'warn', 'info', 'debug'])),
      file: z.optional(absolutePath()),
      format: z.optional(z.enum(['text', 'json'])),
      maxBytes: z.optional(z.int().check(z.gte(64 * 1024), z.lte(1024 * MiB))),
      keepFiles: z.optional(z.int().check(z.gte(0), z.lte(100))),
    }),
  ),
}));
export type Config = z.infer<typeof Config>;

/** The notes of this shape (see notes.ts). */
export const configNotes = (): ShapeNotes => ({
  SizesConfig: {
    '': 'How long the texts in a request may be. What is longer is answered with -32602, and the error names the size.',
    codeBytes: 'The text of a program (`code`). A longer program is written into a file first. Default: 1 MiB.',
    messageBytes: 'One message of the client. A longer one is skipped and answered with -32600. Only the configuration file may have it. Default: 64 MiB.',
    pathBytes: 'A path, or the address of a folder. Default, and the most: 4096.',
  },
  OciRuntimeConfig: {
    '': 'A runtime that is one of the engine’s OCI runtimes.',
    ociRuntime: 'The name of the OCI runtime, as the engine knows it. Default: the id.',
    isolation: 'Its score of isolation. A score above 7 claims that the kernel is not the host’s, and the daemon checks that.',
  },
  Config: {
    '': 'The configuration file.',
    $schema: 'The address of a JSON Schema, for editors. The daemon does not read it. Default: none.',
    preference: 'What matters most when the daemon chooses a runtime. Default: `balanced`.',
    images: 'The OCI image for each language. A client may also name these images for a session. Default: the official image of each language.',
    allowedImages: 'More images that a client may name for a session. Default: none.',
    limits: 'The limits of a session that does not ask for others.',
    maxLimits: 'The highest limits that a session may ask for.',
    'maxLimits.memoryBytes': 'Memory of the whole sandbox. Default: 16 GiB.',
    'maxLimits.cpus': 'Processors. Default: 64.',
    'maxLimits.pids': 'Number of processes and threads. Default: 16 384.',
    'maxLimits.diskBytes': 'Size of everything that can be written. Default: 16 GiB.',
    'maxLimits.outputBytes': 'Output of one command. Default: 64 GiB.',
    'maxLimits.timeoutMs': 'Duration of one command. 0 means no maximum, and a session may ask for no limit. Default: 0.',
    'maxLimits.packageBytes': 'What one installation of packages may take on the disk of this machine. Default: 64 GiB.',
    sessions: 'How many sessions there may be, and how long.',
    'sessions.max': 'How many sessions may be open at once. Default: 16.',
    'sessions.idleTimeoutMs': 'A session is closed when no command has run for this long. 0 means never. Default: 1 800 000 (30 minutes).',
    'sessions.maxLifetimeMs': 'A session is closed when it is this old. 0 means never. Default: 7 200 000 (120 minutes).',
    'sessions.graceMs': 'How long a session that was created with `resume` waits for its client when the connection is lost, unless the client asks for another time. Default: 60 000 (1 minute).',
    'sessions.maxGraceMs': 'The longest time that a client may ask for instead. 0: no session waits for anybody. Default: 600 000 (10 minutes).',
    network: 'What sessions may reach.',
    'network.modes': 'The network modes that a session may ask for: `none`, `allowlist`, `full`. `none` is always allowed. Default: `["none"]`, to which the command line adds what is typed in it (`codebeaker run --allow`, `--network`).',
    'network.hosts': 'The only hosts that a session can reach in any mode, written as in `network.hosts` of `session/create`. A session still has to ask for them. An empty list allows nothing. Default: any.',
    'network.connections': 'How many connections a session may have to other hosts at once. One more is closed at once. A sandbox has at most 512, whatever is said here. Default: 256.',
    'network.bytes': 'How many bytes a session may move, to and from other hosts together. Default: 68 719 476 736 (64 GiB).',
    'network.idleTimeoutMs': 'A connection to another host is closed when nothing has moved on it for this long. Default: 300 000 (5 minutes).',
    'network.certificates': 'Which certificates the programs of a session with a network trust: `host` (those that this machine trusts), `image` (those that are in the sandbox), or the absolute path of a file in the format PEM, or a list of such paths (these, and the public authorities). Only the configuration file may have it. Default: `host`.',
    packages: 'How packages are installed. Only the configuration file may have it.',
    history: 'The history of what ran. Only the configuration file may have it.',
    audit: 'The audit log. Only the configuration file may have it.',
    rates: 'How often each method may be called on one connection. A call that comes too early is answered with error 1030. Default: so much that no person and no editor reaches it (`session/create` and `session/attach` 6 000 a minute and 1 000 at once, `command/executeShell` and `command/runCode` 60 000, `command/installPackages` 600), and no bound for the others.',
    quotas: 'How much may be used. What is used up is answered with error 1031. Default: no bound.',
    prices: 'What it costs, for `usage/get` and `usage/estimate`. Only the configuration file may have it.',
    scan: 'Whether code that runs is scanned. Default: it is, and findings are advice.',
    sizes: 'How long the texts in a request may be.',
    secrets: 'Secrets that sessions can have by their names (`secretNames` of `session/create`), and where each comes from. Only the configuration file may have it. Default: none.',
    drain: 'The end of the daemon. Only the configuration file may have it.',
    'drain.deadlineMs': 'How long what runs may take to end by itself when the daemon is told to end (SIGTERM). 0: it is ended at once. Only the configuration file may have it. Default: 10 000 (10 seconds) for `codebeaker serve`; 0 for a daemon that an editor has started.',
    stateDir: 'The folder in which the daemon keeps what it remembers from run to run: measurements, the runtimes that it found on this host, what programs used, the history, and the audit log. Default: `$XDG_STATE_HOME/codebeaker`.',
    pool: 'How many sandboxes are prepared in advance: for each runtime, a number for each language. An empty object turns this off. Default: as many as were asked for lately.',
    docker: 'The Docker engine. Only the configuration file may have it.',
    'docker.host': 'The address of the Docker engine, in the form of `DOCKER_HOST`: `unix:///path`, `tcp://name:port` or `ssh://user@name`. Default: found as the `docker` command finds it.',
    'docker.ociRuntime': 'The OCI runtime with which the engine runs the containers of the runtime `docker`. Default: the engine’s default.',
    'docker.runtimes': 'Additional runtimes: an id for each, with `ociRuntime` (the name of an OCI runtime of the engine; default: the id) and `isolation` (its score, 0 to 10). A score above 7 claims that the kernel is not the host’s, and the daemon checks that. Default: none.',
    telemetry: 'Traces of OpenTelemetry. Only the configuration file may have it.',
    'telemetry.otlpEndpoint': 'The address of a collector of OpenTelemetry that speaks OTLP over HTTP, such as `http://localhost:4318`; traces are sent to `/v1/traces` there. Only the configuration file may have it. Default: `OTEL_EXPORTER_OTLP_ENDPOINT`; where that is not set either, there are no traces.',
    log: 'The log of the daemon. Only the configuration file may have it.',
    'log.level': 'The least severe messages that are logged. Default: `warn`.',
    'log.file': 'The absolute path of the file to which the log is written. Default: stderr.',
    'log.format': '`text`, for people, or `json`: one JSON object a line, with `time`, `level`, `part`, `message`, and what the line is about. Default: `text`.',
    'log.maxBytes': 'When the file of the log would become larger, it is put aside as `FILE.1`, and the one before it as `FILE.2`. Default: 10 485 760 (10 MiB).',
    'log.keepFiles': 'So many files that were put aside are kept. Default: 3.',
  },
});
