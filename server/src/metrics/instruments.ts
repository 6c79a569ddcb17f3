/** The metrics of a daemon: their names, what they mean, and their labels. No label has a value that a client or a program can choose. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Every name begins with this. */
const PREFIX = 'codebeaker_';

/** From the fastest answer to the longest run that is usual, in seconds. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export type Instruments = ReturnType<typeof createInstruments>;

export function createInstruments(registry: Registry) {
  const common = <L extends string>(name: string, help: string, labelNames: readonly L[]) => ({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
  const counter = <L extends string = never>(name: string, help: string, ...labels: readonly L[]) => new Counter<L>(common(name, help, labels));
  const gauge = <L extends string = never>(name: string, help: string, ...labels: readonly L[]) => new Gauge<L>(common(name, help, labels));
  const seconds = <L extends string = never>(name: string, help: string, ...labels: readonly L[]) => new Histogram<L>({ ...common(name, help, labels), buckets: durations });
  return {
    buildInfo: gauge('build_info', 'Always 1. The labels say which version runs.', 'version', 'protocol'),
    connections: gauge('connections_open', 'Clients that are connected.'),
    connectionsMade: counter('connections_total', 'Clients that have connected.'),

    callSeconds: seconds('call_duration_seconds', 'How long calls took, from their arrival to their answer, by method. Notifications that only tell something are left out.', 'method'),
    refusals: counter('refusals_total', 'Calls that were answered with an error, by method and kind of error. The method is unknown where the message named none of the protocol.', 'method', 'error'),

    sessionsMade: counter('sessions_created_total', 'Sessions that were created. start is warm where the sandbox was prepared in advance.', 'runtime', 'start'),
    sessionSeconds: seconds('session_creation_seconds', 'How long it took to create a session, with what had to be copied or downloaded.', 'runtime', 'start'),
    sessionsOpen: gauge('sessions_open', 'Sessions that are open.', 'runtime'),
    sessionsWaiting: gauge('sessions_waiting', 'Sessions that are open and wait for a client whose connection was lost.'),
    sessionsClosed: counter('sessions_closed_total', 'Sessions that were closed, by reason.', 'runtime', 'reason'),

    commands: counter('commands_total', 'Executions that were answered with a result, by how they ended.', 'method', 'runtime', 'outcome'),
    commandsRunning: gauge('commands_running', 'Executions whose program runs.', 'runtime'),
    commandSeconds: seconds('command_duration_seconds', 'How long executions ran, from their turn to their end.', 'runtime'),
    firstOutputSeconds: seconds('command_first_output_seconds', 'How long it took from the start of a program to its first output, or to its end where it had none. Programs that had to be compiled are left out.', 'runtime'),

    cpuSeconds: counter('command_cpu_seconds_total', 'Processor time that programs used.'),
    memoryGibSeconds: counter('command_memory_gib_seconds_total', 'Memory that programs used, in GiB times seconds.'),
    outputBytes: counter('command_output_bytes_total', 'What programs printed and clients were sent, before encoding.'),
    networkBytes: counter('network_bytes_total', 'What programs moved through the proxy of their session, in both directions.'),
    networkDecisions: counter('network_decisions_total', 'Places on the network that programs asked for. by: whether the rules decided, or a person.', 'decision', 'by'),

    installs: counter('package_installs_total', 'Installations of packages that succeeded. cached is true where the packages were there already.', 'manager', 'cached'),

    pool: gauge('pool_sandboxes', 'Sandboxes that were prepared in advance and wait.', 'runtime'),
    runtimes: gauge('runtime_available', '1 where the runtime is available, 0 where it is not.', 'runtime'),
    health: gauge('health', '1 where the check of server/health is ok or off, 0 where it is degraded.', 'check'),

    loopDelay: gauge('event_loop_delay_seconds', 'How late the event loop of the daemon was since the metrics were last asked for.', 'quantile'),
    processCpu: counter('process_cpu_seconds_total', 'Processor time of the daemon itself.'),
    processMemory: gauge('process_resident_memory_bytes', 'Memory of the daemon itself.'),
    processHeap: gauge('process_heap_bytes', 'The part of the heap of the daemon that is in use.'),
    processStart: gauge('process_start_time_seconds', 'When the daemon started, in seconds since the epoch.'),
  };
}
