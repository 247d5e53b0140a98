import type { WorkspaceClassSpec } from '../../api/kinds/workspaceClass.ts';
import type { Filter } from '../calls/port.ts';

/** The fields of a class that are looked up in EC2. */
export type ResolvableSpec = Pick<WorkspaceClassSpec, 'images' | 'subnets' | 'securityGroups'>;

export type ImageTerm = ResolvableSpec['images'][number];
/** Selects subnets or security groups. */
export type ResourceTerm = ResolvableSpec['subnets'][number];

/**
 * The filters that select what a term means, or undefined when it names nothing: no tags would select everything in the account.
 * EC2 reads * and ? in a filter's value as wildcards (User Guide, Filter your resources), so those meant as they stand are escaped.
 */
export function termFilters(term: ResourceTerm, idFilter: 'subnet-id' | 'group-id'): Filter[] | undefined {
  if (term.id !== undefined) return [{ name: idFilter, values: [term.id] }];
  const tags = sortedTags(term);
  if (tags.length === 0) return undefined;
  return tags.map(([key, value]) =>
    value === '*'
      ? { name: 'tag-key', values: [literal(key)] }
      : { name: `tag:${key}`, values: [literal(value)] },
  );
}

/** Two specs with the same key resolve alike. */
export function specKey({ images, subnets, securityGroups }: ResolvableSpec): string {
  const terms = (list: readonly ResourceTerm[]) => list.map((term) => term.id ?? sortedTags(term));
  return JSON.stringify([
    images.map((image) => [image.architecture, image.id ?? null, image.ssmParameter ?? null]),
    terms(subnets),
    terms(securityGroups),
  ]);
}

/** `spec.subnets[1] (tags env=prod, tier=*)`: as a person finds it in the class. */
export function termName(list: 'subnets' | 'securityGroups', index: number, term: ResourceTerm): string {
  const tags = sortedTags(term).map(([key, value]) => `${key}=${value}`);
  return `spec.${list}[${index}] (${term.id ?? `tags ${tags.join(', ')}`})`;
}

/** `spec.images[0] (x86_64, ami-1)`. */
export function imageName(index: number, term: ImageTerm): string {
  const source = term.id ?? `SSM parameter ${term.ssmParameter ?? ''}`;
  return `spec.images[${index}] (${term.architecture}, ${source})`;
}

function sortedTags(term: ResourceTerm): [string, string][] {
  return Object.entries(term.tags ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

function literal(value: string): string {
  return value.replace(/[\\*?]/g, '\\$&');
}
