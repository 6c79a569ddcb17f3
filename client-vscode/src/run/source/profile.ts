/** Combines the settings for all files, for a language and for globs into what one file's sandbox is created with. */
import type { LanguageId, SessionCreateParams } from 'codebeaker/protocol';
import type { Profile, Settings } from '../../base/settings.ts';

export type SandboxProfile = Pick<SessionCreateParams, 'runtime' | 'image' | 'limits' | 'network'>;

/** The network of a file whose profiles say nothing of it. */
const usual: Readonly<Record<Settings['network'], SandboxProfile['network']>> = { none: undefined, ask: { mode: 'allowlist', hosts: [] }, full: { mode: 'full' } };

/** Globs win over the language, and the language over the settings for all files. */
export function profileFor(settings: Settings, language: LanguageId, matches: (glob: string) => boolean): SandboxProfile {
  const globs = Object.entries(settings.files).filter(([glob]) => matches(glob));
  const profiles: Profile[] = [settings.languages[language] ?? {}, ...globs.map(([, profile]) => profile)];
  const combined = profiles.reduce<Profile>((all, profile) => ({ ...all, ...profile, limits: { ...all.limits, ...profile.limits } }), {
    limits: settings.limits,
  });
  const { runtime, image, limits, network = usual[settings.network] } = combined;
  return { runtime, image, limits, network };
}
