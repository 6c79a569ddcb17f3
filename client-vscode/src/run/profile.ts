/** What a file is run with: the settings for all, for its language, for its globs, each over the one before. */
import type { LanguageId, SessionCreateParams } from 'codebeaker/protocol';
import type { Profile, Settings } from '../base/settings.ts';

export type Chosen = Pick<SessionCreateParams, 'runtime' | 'image' | 'limits' | 'network'>;

export function profileFor(settings: Settings, language: LanguageId, matches: (glob: string) => boolean): Chosen {
  const globs = Object.entries(settings.files).filter(([glob]) => matches(glob));
  const profiles: Profile[] = [settings.languages[language] ?? {}, ...globs.map(([, profile]) => profile)];
  const chosen = profiles.reduce<Profile>((all, profile) => ({ ...all, ...profile, limits: { ...all.limits, ...profile.limits } }), {
    limits: settings.limits,
  });
  const { runtime, image, limits, network } = chosen;
  return { runtime, image, limits, network };
}
