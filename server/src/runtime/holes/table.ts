/** The versions of programs around sandboxes that are known to be broken. Each row has been checked against its source. */

export type Component = 'Docker Engine' | 'Docker Desktop' | 'containerd' | 'runc' | 'bubblewrap' | 'deno';

export interface Hole {
  /** As the source calls it; several that came and went together. */
  readonly id: string;
  readonly component: Component;
  /** The versions that have it. `from` belongs to them, and `below` does not. Without `from` they begin with the first. */
  readonly broken: readonly { readonly from?: string; readonly below: string }[];
  /** The first version of each line that has it no more. */
  readonly fixedIn: readonly string[];
  /** What it lets happen, as the end of a sentence that begins with the version. */
  readonly allows: string;
  /** Why no code in a sandbox of ours reaches it. Absent: it may. */
  readonly unreached?: string;
  readonly url: string;
}

/** The day on which the table was last brought up to date. */
export const holesAsOf = '2026-11-29';

const noInterface = 'sandboxes have no network interface';
const noApi = 'sandboxes see no socket of the engine';

export const holes: readonly Hole[] = [
  {
    id: 'CVE-2019-5736', component: 'runc', broken: [{ below: '1.0.0-rc7' }], fixedIn: ['1.0.0-rc7'],
    allows: 'lets a container replace the program file of runc on the host, and so become root there',
    url: 'https://www.openwall.com/lists/oss-security/2019/02/11/2',
  },
  {
    id: 'CVE-2021-30465', component: 'runc', broken: [{ below: '1.0.0-rc95' }], fixedIn: ['1.0.0-rc95'],
    allows: 'lets links that are swapped in time have a folder of the host mounted in a container',
    url: 'https://github.com/opencontainers/runc/security/advisories/GHSA-c3xm-pvg7-gh7r',
  },
  {
    id: 'CVE-2024-21626', component: 'runc', broken: [{ below: '1.1.12' }], fixedIn: ['1.1.12'],
    allows: 'lets an image begin in a folder of the host, by a descriptor that runc has left open',
    url: 'https://github.com/opencontainers/runc/security/advisories/GHSA-xr7r-f8xq-vfvv',
  },
  {
    id: 'CVE-2025-31133, CVE-2025-52565, CVE-2025-52881', component: 'runc',
    broken: [{ below: '1.2.8' }, { from: '1.3.0-rc.1', below: '1.3.3' }, { from: '1.4.0-rc.1', below: '1.4.0-rc.3' }],
    fixedIn: ['1.2.8', '1.3.3', '1.4.0-rc.3'],
    allows: 'lets a container write to files of /proc that are masked, and so get out to the host',
    url: 'https://github.com/opencontainers/runc/security/advisories/GHSA-9493-h29p-rfm2',
  },
  {
    id: 'CVE-2026-41567', component: 'Docker Engine', broken: [{ below: '29.5.1' }], fixedIn: ['29.5.1'],
    allows: 'runs programs of a container as root on the host when a compressed archive is copied into it',
    unreached: 'nothing that is compressed is ever copied into a sandbox',
    url: 'https://osv.dev/vulnerability/GHSA-x86f-5xw2-fm2r',
  },
  {
    id: 'CVE-2025-9074', component: 'Docker Desktop', broken: [{ below: '4.44.3' }], fixedIn: ['4.44.3'],
    allows: 'lets containers reach the API of the engine over the network, and so all files of the user',
    unreached: noInterface,
    url: 'https://docs.docker.com/security/security-announcements/',
  },
  {
    id: 'CVE-2026-6406', component: 'Docker Desktop', broken: [{ from: '4.41.0', below: '4.59.0' }], fixedIn: ['4.59.0'],
    allows: 'lets whoever may start containers give them the socket of the engine despite Enhanced Container Isolation',
    unreached: noApi,
    url: 'https://www.sentinelone.com/vulnerability-database/cve-2026-6406/',
  },
  {
    id: 'CVE-2026-5843', component: 'Docker Desktop', broken: [{ below: '4.71.0' }], fixedIn: ['4.71.0'],
    allows: 'lets containers run code on the host through Docker Model Runner',
    unreached: noInterface,
    url: 'https://www.tenable.com/plugins/nessus/316463',
  },
  {
    id: 'CVE-2026-53488, CVE-2026-53492', component: 'containerd',
    broken: [{ from: '1.7.0', below: '1.7.33' }, { from: '2.0.0', below: '2.0.10' }, { from: '2.1.0', below: '2.1.9' }, { from: '2.2.0', below: '2.2.5' }, { from: '2.3.0', below: '2.3.2' }],
    fixedIn: ['1.7.33', '2.0.10', '2.1.9', '2.2.5', '2.3.2'],
    allows: 'lets an image or a checkpoint run commands or open devices on the host, through the interface for Kubernetes',
    unreached: 'the Docker Engine does not use that interface',
    url: 'https://advisory.eventussecurity.com/advisory/containerd-vulnerability-enables-remote-execution/',
  },
  {
    id: 'CVE-2026-41163', component: 'bubblewrap', broken: [{ from: '0.11.0', below: '0.11.2' }], fixedIn: ['0.11.2'],
    allows: 'lets other users of this machine mount what they may not, where it is installed as set-user-ID',
    unreached: 'it is in the hands of whoever starts bubblewrap, and no code in a sandbox can',
    url: 'https://github.com/containers/bubblewrap/blob/v0.11.2/NEWS.md',
  },
  {
    id: 'CVE-2026-87766', component: 'bubblewrap', broken: [{ below: '0.12.0' }], fixedIn: ['0.12.0'],
    allows: 'follows links out of a sandbox that is being made, where something is mounted below a folder that code could write',
    unreached: 'nothing is mounted below a folder that code in a sandbox could write',
    url: 'https://github.com/flatcar/Flatcar/issues/2417',
  },
  {
    id: 'CVE-2026-49406', component: 'deno', broken: [{ below: '2.7.12' }], fixedIn: ['2.7.12'],
    allows: 'lets a package in node_modules read any JSON file of the user',
    unreached: 'programs run without node_modules, and Deno before 2.8 is not used',
    url: 'https://github.com/denoland/deno/security/advisories/GHSA-968w-xfqw-vp9q',
  },
  {
    id: 'CVE-2026-49401', component: 'deno', broken: [{ below: '2.7.14' }], fixedIn: ['2.7.14'],
    allows: 'lets programs on macOS reach what is denied to them, under another spelling of its name',
    unreached: 'Deno before 2.8 is not used',
    url: 'https://github.com/denoland/deno/security/advisories/GHSA-8xpq-cjcf-3wh9',
  },
  {
    id: 'denoland/deno#35882', component: 'deno', broken: [{ below: '2.9.4' }], fixedIn: ['2.9.4'],
    allows: 'lets hooks of the module loader read files outside of node_modules',
    unreached: 'programs run without node_modules',
    url: 'https://github.com/denoland/deno/pull/35882',
  },
];
