/**
 * Replaces what stands between `<!-- generated: NAME … -->` and `<!-- end: NAME -->` in a document that people write.
 * @throws when the document lacks a region, or has one that nothing fills
 */
export function fillRegions(text: string, regions: Readonly<Record<string, string>>): string {
  const left = new Set(Object.keys(regions));
  const filled = text.replaceAll(
    /(<!-- generated: (\w+)[^\n]*-->\n)[\s\S]*?(<!-- end: \2 -->\n)/g,
    (_all, begin: string, name: string, end: string) => {
      const content = Object.hasOwn(regions, name) ? regions[name] : undefined;
      if (content === undefined) throw new Error(`nothing fills the generated region ${name}`);
      left.delete(name);
      return `${begin}\n${content}\n${end}`;
    },
  );
  if (left.size > 0) throw new Error(`the document has no region ${[...left].join(', ')}`);
  return filled;
}
