import { CloudError, invalidValue } from './errors.ts';
import type { Tag } from './model.ts';

const MAX_TAGS = 50;

export function tagMap(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

/** AWS counts Unicode characters, not UTF-16 units ("Tag restrictions"). */
const characters = (text: string) => [...text].length;

/** @throws CloudError for tags that EC2 doesn't take ("Tag restrictions"). */
export function checkTags(tags: readonly Tag[]): void {
  if (tags.length > MAX_TAGS)
    throw new CloudError('TagLimitExceeded', `More than ${MAX_TAGS} tags are not allowed on a resource.`);
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (/^aws:/i.test(key)) throw invalidValue("Tag keys starting with 'aws:' are reserved for internal use");
    if (key.length < 1 || characters(key) > 128)
      throw invalidValue(`Tag key '${key}' must have 1 to 128 characters.`);
    if (characters(value) > 256) throw invalidValue(`The value of tag '${key}' exceeds 256 characters.`);
    if (seen.has(key)) throw invalidValue(`Duplicate tag key '${key}' specified.`);
    seen.add(key);
  }
}
