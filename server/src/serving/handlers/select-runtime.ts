/** `runtime/select`: returns the choice that `session/create` would make. */
import { checkImage, checkNetwork, type Policy } from '../../policy/policy.ts';
import type { ParamsOf, ResultOf, RuntimeSelect } from '../../protocol/index.ts';
import type { Catalog } from '../../runtime/choice/catalog.ts';
import { choose, refusal } from '../../runtime/choice/select.ts';

/** @throws ProtocolError RuntimeUnavailable, LanguageUnsupported with `data.candidates`; PolicyDenied */
export function selectFor(
  { language, preference: asked, requirements: required = {} }: ParamsOf<typeof RuntimeSelect>,
  policy: Policy,
  catalog: Catalog,
): ResultOf<typeof RuntimeSelect> {
  if (required.image !== undefined) checkImage(policy, required.image);
  if (required.network !== undefined) checkNetwork(policy, required.network);
  const preference = asked ?? policy.preference;
  const wish = { language, preference, required, image: required.image ?? policy.images[language] };
  const { chosen, candidates } = choose(catalog.choosable, wish);
  if (!chosen) throw refusal(catalog.choosable, wish, candidates);
  return { runtime: chosen.id, language, preference, candidates: [...candidates] };
}
