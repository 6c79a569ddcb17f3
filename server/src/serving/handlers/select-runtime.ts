/** `runtime/select`: returns the choice that `session/create` would make. */
import { debugWish } from '../../debug/where.ts';
import { checkNetwork } from '../../policy/network.ts';
import { checkImage, type Policy } from '../../policy/policy.ts';
import type { ParamsOf, ResultOf, RuntimeSelect } from '../../protocol/index.ts';
import type { Catalog } from '../../runtime/choice/catalog.ts';
import { findHint } from '../../runtime/choice/hints.ts';
import { choose, refusal } from '../../runtime/choice/select.ts';

/** @throws ProtocolError RuntimeUnavailable, LanguageUnsupported with `data.candidates`; PolicyDenied */
export async function selectFor(
  { language, preference: asked, requirements: required = {}, program, debug }: ParamsOf<typeof RuntimeSelect>,
  policy: Policy,
  catalog: Catalog,
): Promise<ResultOf<typeof RuntimeSelect>> {
  if (required.image !== undefined) checkImage(policy, required.image);
  if (required.network !== undefined) checkNetwork(policy, required.network);
  const preference = asked ?? policy.preference;
  const hint = await findHint(language, { text: program?.code, folder: undefined, path: program?.path });
  const wish = { language, preference, required, image: required.image ?? policy.images[language], ...(debug ? debugWish(language, catalog.infos(), hint) : { hint }) };
  const { chosen, candidates } = choose(catalog.choosable, wish, catalog.choices);
  if (!chosen) throw refusal(catalog.choosable, wish, candidates);
  return { runtime: chosen.id, language, preference, candidates: [...candidates] };
}
